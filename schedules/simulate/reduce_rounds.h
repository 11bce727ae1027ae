// Which members of a reduce group have arrived at its AllReduce. Used by the simulator.
#ifndef BATON_SCHEDULES_SIMULATE_REDUCE_ROUNDS_H_
#define BATON_SCHEDULES_SIMULATE_REDUCE_ROUNDS_H_

#include <cstddef>
#include <vector>

#include "schedules/costs/costs.h"
#include "schedules/program/program.h"
#include "schedules/program/walk/participants.h"
#include "schedules/program/walk/transfer_queues.h"

namespace baton {

// Thread contract: one thread at a time. Owns its tables; does not refer to the program.
class ReduceRounds {
 public:
  ReduceRounds(const Program& program, const CostModel& costs) {
    groups_.reserve(program.reduce_groups.size());
    for (size_t group = 0; group < program.reduce_groups.size(); ++group) {
      groups_.push_back(MakeGroup(program, costs, static_cast<int>(group)));
    }
  }

  bool HasGroup(int32_t group) const { return static_cast<uint32_t>(group) < groups_.size(); }
  // In nanoseconds, from the arrival of the last member, by the cost model.
  Nanos DurationOf(int32_t group) const { return groups_[group].duration; }

  // Adds a device's AllReduce to the group's current round. True if it was the last one to arrive.
  bool Arrive(int32_t group, InstructionRef ref) {
    Group& own = groups_[group];
    own.arrived.push_back(ref);
    return static_cast<int>(own.arrived.size()) >= own.num_devices;
  }
  // All who arrived in the current round.
  const std::vector<InstructionRef>& ArrivedAt(int32_t group) const { return groups_[group].arrived; }
  void BeginNextRound(int32_t group) { groups_[group].arrived.clear(); }

 private:
  struct Group {
    int num_devices = 0;
    Nanos duration = 0;
    std::vector<InstructionRef> arrived;
  };

  static Group MakeGroup(const Program& program, const CostModel& costs, int group) {
    Group made;
    made.duration = costs.ReduceNanos(DevicesOfMembers(program, group), program.reduce_groups[group].bytes,
                                      program.reduce_groups[group].kind != ReduceKind::kShardedUpdate);
    made.num_devices = static_cast<int>(ParticipantsOf(program, group).size());
    return made;
  }

  std::vector<Group> groups_;
};

}  // namespace baton

#endif  // BATON_SCHEDULES_SIMULATE_REDUCE_ROUNDS_H_
