// The devices that take part in a program's collectives. Used by lower, validate, simulate, rehearse and the executor.
//
//     group 0: members 0 2 3 on devices 1 0 1
//     DevicesOfMembers(program, 0)  1 0 1      in the order of summation
//     ParticipantsOf(program, 0)    0 1        each issues one AllReduce for the group
#ifndef BATON_SCHEDULES_PROGRAM_WALK_PARTICIPANTS_H_
#define BATON_SCHEDULES_PROGRAM_WALK_PARTICIPANTS_H_

#include <cstdint>
#include <vector>

#include "schedules/program/program.h"

namespace baton {

// The device of each member of Program::reduce_groups[group], in the order of members. Skips members that are not in
// the placement.
std::vector<int32_t> DevicesOfMembers(const Program& program, int group);

// The same devices ascending, each once.
std::vector<int32_t> ParticipantsOf(const Program& program, int group);

// [device]: the groups in which it takes part, ascending.
std::vector<std::vector<int32_t>> GroupsOfDevices(const Program& program);

}  // namespace baton

#endif  // BATON_SCHEDULES_PROGRAM_WALK_PARTICIPANTS_H_
