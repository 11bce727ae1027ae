#include "runtime/process/child_end.h"

#include <string.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>

#include "absl/strings/str_cat.h"

namespace baton {
namespace {

int ExitStatusOf(const ChildEnd& end) {
  return WIFSIGNALED(end.wait_status) ? 128 + WTERMSIG(end.wait_status) : WEXITSTATUS(end.wait_status);
}

bool HasOwnCause(const ChildEnd& end) {
  if (!HasFailed(end) || end.killed || ExitStatusOf(end) == kExitPeerFailed) return false;
  return !(end.told_to_end && WIFSIGNALED(end.wait_status) && WTERMSIG(end.wait_status) == SIGTERM);
}

// As `was ended by signal 9 (KILL)`.
std::string Describe(const ChildEnd& end) {
  if (end.killed) return "did not end when told to and was killed: it was stopped, or hung";
  if (WIFSIGNALED(end.wait_status)) {
    const int signal = WTERMSIG(end.wait_status);
    const char* const name = sigabbrev_np(signal);
    return absl::StrCat("was ended by signal ", signal, " (", name == nullptr ? "unknown" : name, ")",
                        end.told_to_end && signal == SIGTERM ? " from baton launch" : "");
  }
  const int status = ExitStatusOf(end);
  return absl::StrCat("ended with status ", status,
                      status == kExitPeerFailed ? ", since another process had failed" : "");
}

std::string NameOf(const ChildEnd& end) { return absl::StrCat("rank ", end.rank, " (pid ", end.pid, ")"); }

constexpr size_t kMostLines = 16;

}  // namespace

bool HasFailed(const ChildEnd& end) {
  const int status = ExitStatusOf(end);
  return status != 0 && status != kExitStopped;
}

LaunchOutcome OutcomeOf(const std::vector<ChildEnd>& ends) {
  LaunchOutcome outcome;
  auto first = std::find_if(ends.begin(), ends.end(), HasOwnCause);
  const bool stuck = first == ends.end();
  // A stopped child ends nobody at once: the others find it silent, and it is killed last.
  if (stuck) first = std::find_if(ends.begin(), ends.end(), [](const ChildEnd& end) { return end.killed; });
  if (first == ends.end()) first = std::find_if(ends.begin(), ends.end(), HasFailed);
  if (first == ends.end()) {
    const bool stopped =
        std::any_of(ends.begin(), ends.end(), [](const ChildEnd& end) { return ExitStatusOf(end) != 0; });
    outcome.exit_status = stopped ? kExitStopped : 0;
    return outcome;
  }
  outcome.exit_status = ExitStatusOf(*std::find_if(ends.begin(), ends.end(), stuck ? HasFailed : HasOwnCause));
  if (outcome.exit_status == kExitPeerFailed) outcome.exit_status = 1;
  // The cause is on another host, or its process was told to end before it could.
  const bool unknown = stuck && !first->killed;
  outcome.report = unknown ? "a process of the run failed first, which the line above names"
                           : absl::StrCat(NameOf(*first), " failed first: it ", Describe(*first));
  size_t lines = 0;
  for (const ChildEnd& end : ends) {
    if ((!unknown && &end == &*first) || !HasFailed(end)) continue;
    if (++lines > kMostLines) continue;
    absl::StrAppend(&outcome.report, "\n  ", NameOf(end), " ", Describe(end));
  }
  if (lines > kMostLines) absl::StrAppend(&outcome.report, "\n  and ", lines - kMostLines, " more");
  return outcome;
}

}  // namespace baton
