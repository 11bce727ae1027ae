// Runs a program as a user would, and gives what it said. Used by the tests of the command line.
#ifndef BATON_TESTS_TESTING_COMMAND_H_
#define BATON_TESTS_TESTING_COMMAND_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace baton {

// What a process left. A process that a signal ended has the status 128 + signal.
struct CommandResult {
  int status = -1;
  std::string out;
  std::string err;
};

// A running process. Thread contract: one thread. Owns the process: destruction kills it if it still runs.
class Command {
 public:
  // Starts `arguments[0]`, with standard output and error kept apart in files under TEST_TMPDIR. `out`: where standard
  // output goes instead, if not empty.
  explicit Command(const std::vector<std::string>& arguments, const std::string& out = "");
  ~Command();
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  void Signal(int signal) const;
  // Waits for its end, at most a minute; later it is killed, with status 128 + SIGKILL.
  CommandResult Wait();

 private:
  std::string out_file_;
  std::string err_file_;
  pid_t process_ = -1;
};

// `baton ARGUMENTS` from start to end.
CommandResult Baton(std::vector<std::string> arguments);

// The whole of a file; empty if it cannot be read.
std::string ReadWhole(const std::string& path);

// A new folder's path under TEST_TMPDIR, which is not made.
std::string NewPath(const std::string& name);

// Words at single spaces.
std::vector<std::string> Words(const std::string& line);

}  // namespace baton

#endif  // BATON_TESTS_TESTING_COMMAND_H_
