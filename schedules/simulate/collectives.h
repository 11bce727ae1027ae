// The collectives of a program: which of them meet, and how long they take. Used by the simulator.
#ifndef BATON_SCHEDULES_SIMULATE_COLLECTIVES_H_
#define BATON_SCHEDULES_SIMULATE_COLLECTIVES_H_

#include <cstddef>
#include <deque>
#include <vector>

#include "schedules/costs/costs.h"
#include "schedules/program/program.h"
#include "schedules/program/walk/meetings.h"
#include "schedules/program/walk/participants.h"

namespace baton {

// Thread contract: one thread at a time. Owns its tables; does not refer to the program.
class Collectives {
 public:
  Collectives(const Program& program, const CostModel& costs) : meetings_(program) {
    for (size_t group = 0; group < program.reduce_groups.size(); ++group) {
      const ReduceGroup& each = program.reduce_groups[group];
      durations_.push_back(
          costs.ReduceNanos(DevicesOfMembers(program, static_cast<int>(group)), each.bytes, IsWholeSum(each.kind)));
    }
    last_start_.resize(durations_.size(), 0);
    started_.resize(durations_.size());
  }

  bool HasGroup(int32_t group) const { return meetings_.HasGroup(group); }
  // As Meetings::Arrive.
  const std::vector<InstructionRef>* Arrive(InstructionRef ref, int32_t group) { return meetings_.Arrive(ref, group); }
  // In nanoseconds, from the arrival of the last member, by the cost model.
  Nanos DurationOf(int32_t group) const { return durations_[group]; }
  // When the group's last collective started, in nanoseconds since the step began; 0 before the first.
  Nanos LastStart(int32_t group) const { return last_start_[group]; }
  void SetStart(int32_t group, Nanos start) { last_start_[group] = start; }

  // The collectives of the group that have started and not ended, in order.
  std::deque<std::vector<InstructionRef>>& Started(int32_t group) { return started_[group]; }

 private:
  Meetings meetings_;
  std::vector<Nanos> durations_;                                  // [group]
  std::vector<Nanos> last_start_;                                 // [group]
  std::vector<std::deque<std::vector<InstructionRef>>> started_;  // [group]
};

}  // namespace baton

#endif  // BATON_SCHEDULES_SIMULATE_COLLECTIVES_H_
