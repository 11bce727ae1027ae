// Matches the collectives of a program: the n-th of a group on one device with the n-th on every other device of the
// group. Used by the validator, the simulator and TransferQueues.
//
//     Meetings meetings(program);
//     for (each collective, in the order in which devices issue them)
//       if (const auto* all = meetings.Arrive({device, instruction}, group)) …   // the last one has arrived: all begin
#ifndef BATON_SCHEDULES_PROGRAM_WALK_MEETINGS_H_
#define BATON_SCHEDULES_PROGRAM_WALK_MEETINGS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "schedules/program/program.h"
#include "schedules/program/walk/instruction_ref.h"

namespace baton {

// Thread contract: one thread at a time. Owns its tables; does not refer to the program.
class Meetings {
 public:
  explicit Meetings(const Program& program);

  bool HasGroup(int32_t group) const { return static_cast<uint32_t>(group) < groups_.size(); }

  // Adds a collective of one device. Returns the collectives that meet now, one for each device of the group,
  // ascending; null if one of them is still missing. Valid until the next call. A device without a member in the group
  // never meets. Expects HasGroup(group).
  const std::vector<InstructionRef>* Arrive(InstructionRef ref, int32_t group);

  // The devices of the group, ascending.
  const std::vector<int32_t>& ParticipantsIn(int32_t group) const { return groups_[group].participants; }
  // How many collectives of the group have met on each of its devices.
  size_t NumMet(int32_t group) const { return groups_[group].num_met; }
  // How many a participant, an index into ParticipantsIn, has added.
  size_t NumArrived(int32_t group, size_t participant) const { return groups_[group].arrived[participant].size(); }

 private:
  struct Group {
    std::vector<int32_t> participants;          // devices, ascending
    std::vector<std::vector<int32_t>> arrived;  // [participant]: instructions
    size_t num_met = 0;                         // for each participant
    size_t num_next = 0;                        // participants that have arrived at the next meeting
  };

  std::vector<Group> groups_;
  std::vector<InstructionRef> met_;
};

}  // namespace baton

#endif  // BATON_SCHEDULES_PROGRAM_WALK_MEETINGS_H_
