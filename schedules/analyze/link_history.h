// Which transfer held a link when, in a simulated step whose links have a bandwidth: who a transfer's turn waited for.
// Used by the critical path.
#ifndef BATON_SCHEDULES_ANALYZE_LINK_HISTORY_H_
#define BATON_SCHEDULES_ANALYZE_LINK_HISTORY_H_

#include <map>
#include <utility>

#include "schedules/costs/costs.h"
#include "schedules/program/program.h"
#include "schedules/program/walk/transfer_queues.h"
#include "schedules/trace/trace.h"

namespace baton {

// Thread contract: immutable once made. Refers to all that it is made of, which must outlive it.
class LinkHistory {
 public:
  // `trace` was simulated with `costs`. `shares`: pairs of devices share the links between nodes, as with rendezvous.
  LinkHistory(const Program& program, const CostModel& costs, const Trace& trace, bool shares);

  // True if transfers can take turns at all.
  bool has_turns() const { return has_turns_; }
  // How long the transfer is in its link's latency, after its bytes have left.
  Nanos LatencyOf(InstructionRef send) const { return LinkOf(send).latency_ns; }
  // How long its bytes hold the link.
  Nanos HoldOf(InstructionRef send) const;
  // The Send that let go of this one's link at a time; the instruction -1 if none did.
  InstructionRef WhoLetGo(InstructionRef send, Nanos at) const;

 private:
  const Send& SendAt(InstructionRef ref) const {
    return std::get<Send>(program_.devices[ref.device].instructions[ref.instruction].operation);
  }
  LinkCosts LinkOf(InstructionRef send) const { return costs_.LinkBetween(send.device, SendAt(send).peer); }
  std::pair<int, int> KeyOf(InstructionRef send) const;

  const Program& program_;
  const CostModel& costs_;
  const bool shares_;
  bool has_turns_ = false;
  std::map<std::pair<int, int>, std::map<Nanos, InstructionRef>> let_go_;  // by link, then time
};

}  // namespace baton

#endif  // BATON_SCHEDULES_ANALYZE_LINK_HISTORY_H_
