// The rule "deadlock"; see rules.h. FindDeadlocks (stuck.h) runs the program; this file formats its results.
#include <string>

#include "absl/strings/str_cat.h"
#include "schedules/program/form/describe.h"
#include "schedules/program/walk/lanes.h"
#include "schedules/validate/rules.h"
#include "schedules/validate/stuck.h"

namespace baton {
namespace {

std::string DescribeBlame(const Program& program, const Blame& blame) {
  const auto name = [&](InstructionRef ref) {
    return absl::StrCat("instruction ", ref.instruction, " (",
                        Describe(program.devices[ref.device].instructions[ref.instruction].operation), ")");
  };
  const std::string waiter = absl::StrCat("device ", blame.waiter.device, " ", name(blame.waiter));
  const auto blocker = [&] { return absl::StrCat("device ", blame.blocker.device, " ", name(blame.blocker)); };
  switch (blame.why) {
    case Blame::Why::kWaits:
      return absl::StrCat(waiter, " waits for ", name(blame.blocker));
    case Blame::Why::kAfter:
      return absl::StrCat(waiter, " comes after ", name(blame.blocker));
    case Blame::Why::kQueued:
      return absl::StrCat(waiter, " is queued behind ", name(blame.blocker));
    case Blame::Why::kOtherSide:
      return absl::StrCat(waiter, " waits to be matched by ", blocker());
    case Blame::Why::kBuffer:
      return absl::StrCat(waiter, " waits for ", blocker(), " to empty a buffer");
    case Blame::Why::kCollective:
      return absl::StrCat(waiter, " waits for ", blocker(), " to take part");
    case Blame::Why::kNeverMatched:
      return absl::StrCat(waiter, " is never matched by device ", blame.blocker.device);
    case Blame::Why::kNeverJoined:
      return absl::StrCat(waiter, " waits for device ", blame.blocker.device, ", which never takes part");
  }
  return waiter;
}

}  // namespace

void CheckDeadlock(const Program& program, const TransportModel& transport, std::vector<Violation>& violations) {
  const absl::StatusOr<Lanes> lanes = Lanes::Create(program);
  if (!lanes.ok()) return;  // "ranges" reports it
  for (const Deadlock& deadlock : FindDeadlocks(program, *lanes, transport).deadlocks) {
    std::string message = deadlock.is_cycle ? "instructions wait for each other in a cycle: " : "";
    for (const Blame& blame : deadlock.chain) {
      absl::StrAppend(&message, &blame == deadlock.chain.data() ? "" : "; ", DescribeBlame(program, blame));
    }
    const InstructionRef first = deadlock.chain.front().waiter;
    violations.push_back({first.device, first.instruction, "deadlock", message});
  }
}

}  // namespace baton
