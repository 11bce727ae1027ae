// Runs a program and captures its output. Used by the tests of the command line.
#ifndef BATON_TESTS_TESTING_COMMAND_H_
#define BATON_TESTS_TESTING_COMMAND_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace baton {

// The result of a process. The status of a process ended by a signal is 128 + signal.
struct CommandResult {
  int status = -1;
  std::string out;
  std::string err;
};

// A running process. Thread contract: one thread. Owns the process: destruction kills it if it still runs.
class Command {
 public:
  // Starts `arguments[0]`. Standard output and standard error go to two files under TEST_TMPDIR; `out`, if not empty,
  // is the file of standard output instead.
  explicit Command(const std::vector<std::string>& arguments, const std::string& out = "");
  ~Command();
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  void Signal(int signal) const;
  pid_t pid() const { return process_; }
  // The threads of the process, while it runs.
  int NumThreads() const;
  // Waits for the process to end. After a minute it is killed, with status 128 + SIGKILL.
  CommandResult Wait();

 private:
  std::string out_file_;
  std::string err_file_;
  pid_t process_ = -1;
};

// Runs `baton ARGUMENTS` to its end.
CommandResult Baton(std::vector<std::string> arguments);

// The contents of a file; empty if it cannot be read.
std::string ReadWhole(const std::string& path);

// A new path under TEST_TMPDIR; nothing is created there.
std::string NewPath(const std::string& name);

// The words of a line, separated by spaces.
std::vector<std::string> Words(const std::string& line);

}  // namespace baton

#endif  // BATON_TESTS_TESTING_COMMAND_H_
