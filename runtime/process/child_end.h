// How the children of `baton launch` ended, which of them failed first, and the report on it. Used by launcher.cc.
#ifndef BATON_RUNTIME_PROCESS_CHILD_END_H_
#define BATON_RUNTIME_PROCESS_CHILD_END_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace baton {

// Exit statuses that have a meaning between `baton launch` and its children.
inline constexpr int kExitInvalidInput = 2;
inline constexpr int kExitStopped = 75;     // a checkpoint is saved, from which training can go on
inline constexpr int kExitPeerFailed = 76;  // another process failed first, as control said

struct ChildEnd {
  int rank = 0;
  pid_t pid = 0;
  int wait_status = 0;  // of waitpid
  // `baton launch` sent SIGTERM, or later SIGKILL, before the child ended.
  bool told_to_end = false;
  bool killed = false;
};

// True unless the child exited with 0 or kExitStopped.
bool HasFailed(const ChildEnd& end);

struct LaunchOutcome {
  // That of the first failure: its exit status, or 128 + its signal; kExitStopped if nobody failed and one stopped;
  // else 0. 1 if all failures are consequences of one that is not known here.
  int exit_status = 0;
  // Says which rank failed first, with pid and signal or status, and how the others ended; empty if none failed.
  std::string report;
};

// `ends`: in the order in which the children ended. The first failure is the first that has a cause of its own: a child
// that exited with kExitPeerFailed, or that was told to end, is a consequence.
LaunchOutcome OutcomeOf(const std::vector<ChildEnd>& ends);

}  // namespace baton

#endif  // BATON_RUNTIME_PROCESS_CHILD_END_H_
