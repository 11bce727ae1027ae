// When each transfer released its link, in a simulated step whose links have a bandwidth. Shows which transfer another
// one waited for. Used by the critical path.
#ifndef BATON_SCHEDULES_ANALYZE_LINK_HISTORY_H_
#define BATON_SCHEDULES_ANALYZE_LINK_HISTORY_H_

#include <map>
#include <utility>

#include "schedules/costs/costs.h"
#include "schedules/program/program.h"
#include "schedules/program/walk/transfer_queues.h"
#include "schedules/trace/trace.h"

namespace baton {

// Thread contract: immutable once made. Refers to all arguments of its constructor, which must outlive it.
class LinkHistory {
 public:
  // `trace` was simulated with `costs`. `shares`: all pairs of devices of two nodes share one link, as with rendezvous.
  LinkHistory(const Program& program, const CostModel& costs, const Trace& trace, bool shares);

  // True if transfers can take turns at all.
  bool has_turns() const { return has_turns_; }
  // The latency of the transfer's link, in nanoseconds; it follows after the bytes have left.
  Nanos LatencyOf(InstructionRef send) const { return LinkOf(send).latency_ns; }
  // How long the transfer's bytes occupy the link, in nanoseconds.
  Nanos OccupationOf(InstructionRef send) const;
  // The Send whose bytes left the link of `send` at that time; `instruction` -1 if there is none.
  InstructionRef WhoReleased(InstructionRef send, Nanos at) const;

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
  std::map<std::pair<int, int>, std::map<Nanos, InstructionRef>> released_;  // by link, then time
};

}  // namespace baton

#endif  // BATON_SCHEDULES_ANALYZE_LINK_HISTORY_H_
