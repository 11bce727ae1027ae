// Between fork and exec only async-signal-safe functions are called.
#include "runtime/process/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace baton {
namespace {

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

struct Pipes {
  int out[2] = {-1, -1};
  int err[2] = {-1, -1};
  int failure[2] = {-1, -1};  // carries errno if exec fails

  void Close(int end) const {
    for (const int* const pair : {out, err, failure}) {
      if (pair[end] >= 0) close(pair[end]);
    }
  }
};

[[noreturn]] void BecomeChild(const Pipes& pipes, pid_t parent, char** arguments, char** environment) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent may have ended before prctl.
  if (getppid() != parent) _exit(127);
  for (const int signal : {SIGTERM, SIGINT, SIGPIPE, SIGCHLD}) ::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
  dup2(pipes.out[1], STDOUT_FILENO);
  dup2(pipes.err[1], STDERR_FILENO);
  execve("/proc/self/exe", arguments, environment);
  const int reason = errno;
  (void)!write(pipes.failure[1], &reason, sizeof(reason));
  _exit(127);
}

}  // namespace

absl::StatusOr<SpawnedChild> SpawnThisProgram(const std::vector<std::string>& arguments,
                                              const Environment& environment) {
  std::vector<std::string> assignments;
  for (const auto& [name, value] : environment.variables()) assignments.push_back(absl::StrCat(name, "=", value));
  const std::vector<char*> argument_pointers = Pointers(arguments), environment_pointers = Pointers(assignments);
  Pipes pipes;
  pid_t child = -1;
  const bool made =
      pipe2(pipes.out, O_CLOEXEC) == 0 && pipe2(pipes.err, O_CLOEXEC) == 0 && pipe2(pipes.failure, O_CLOEXEC) == 0;
  const pid_t parent = getpid();
  if (made) child = fork();
  if (child == 0) {
    BecomeChild(pipes, parent, const_cast<char**>(argument_pointers.data()),
                const_cast<char**>(environment_pointers.data()));
  }
  int reason = errno;
  pipes.Close(1);
  if (child < 0) {
    pipes.Close(0);
    return absl::UnavailableError(
        absl::StrCat("a process cannot be started: ", absl::ErrnoToStatus(reason, "").message()));
  }
  setpgid(child, child);  // in case that the child has not yet
  const bool failed = read(pipes.failure[0], &reason, sizeof(reason)) == sizeof(reason);
  close(pipes.failure[0]);
  if (failed) {
    close(pipes.out[0]);
    close(pipes.err[0]);
    waitpid(child, nullptr, 0);
    return absl::UnavailableError(
        absl::StrCat("this program cannot be started again: ", absl::ErrnoToStatus(reason, "").message()));
  }
  for (const int descriptor : {pipes.out[0], pipes.err[0]}) fcntl(descriptor, F_SETFL, O_NONBLOCK);
  return SpawnedChild{child, pipes.out[0], pipes.err[0]};
}

}  // namespace baton
