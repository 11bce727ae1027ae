// A child of `baton launch`. Used by launcher.cc.
#ifndef BATON_RUNTIME_PROCESS_CHILD_PROCESS_H_
#define BATON_RUNTIME_PROCESS_CHILD_PROCESS_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/process/environment.h"

namespace baton {

struct SpawnedChild {
  pid_t pid = 0;
  // The reading ends of pipes from its standard output and standard error; they do not block. The caller closes them.
  int out = -1;
  int err = -1;
};

// Starts this process's program anew, as the leader of a process group of its own, with standard input from /dev/null.
// The kernel kills the child (SIGKILL) when the calling thread ends, however it ends. Signals are unblocked and have
// their default actions, but SIGHUP stays ignored if it is. Errors: Unavailable with the reason.
absl::StatusOr<SpawnedChild> SpawnThisProgram(const std::vector<std::string>& arguments,
                                              const Environment& environment);

}  // namespace baton

#endif  // BATON_RUNTIME_PROCESS_CHILD_PROCESS_H_
