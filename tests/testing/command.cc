// Fork, exec and wait with a time limit; output goes through files.
#include "tests/testing/command.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace baton {
namespace {

constexpr char kBaton[] = "tools/baton/baton";
constexpr auto kPatience = std::chrono::seconds(60);

}  // namespace

Command::Command(const std::vector<std::string>& arguments, const std::string& out)
    : out_file_(out.empty() ? NewPath("out") : out), err_file_(NewPath("err")) {
  std::vector<char*> words;
  for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  process_ = fork();
  if (process_ != 0) return;
  const int out_descriptor = open(out_file_.c_str(), O_WRONLY | O_CREAT, 0600);
  const int err_descriptor = open(err_file_.c_str(), O_WRONLY | O_CREAT, 0600);
  dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
  dup2(out_descriptor, STDOUT_FILENO);
  dup2(err_descriptor, STDERR_FILENO);
  execv(words[0], words.data());
  _exit(127);
}

Command::~Command() {
  if (process_ <= 0) return;
  kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
}

void Command::Signal(int signal) const { kill(process_, signal); }

int Command::NumThreads() const {
  const std::filesystem::directory_iterator tasks(absl::StrCat("/proc/", process_, "/task"));
  return static_cast<int>(std::distance(begin(tasks), end(tasks)));
}

CommandResult Command::Wait() {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  int status = 0;
  while (waitpid(process_, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > deadline) kill(process_, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  process_ = -1;
  CommandResult result;
  result.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  result.out = ReadWhole(out_file_);
  result.err = ReadWhole(err_file_);
  return result;
}

CommandResult Baton(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), kBaton);
  return Command(arguments).Wait();
}

std::string ReadWhole(const std::string& path) {
  if (path == "/dev/full") return "";  // reads as endless zeros
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

std::string NewPath(const std::string& name) {
  static int count = 0;
  return absl::StrCat(std::getenv("TEST_TMPDIR"), "/", getpid(), "_", ++count, "_", name);
}

std::vector<std::string> Words(const std::string& line) { return absl::StrSplit(line, ' ', absl::SkipEmpty()); }

}  // namespace baton
