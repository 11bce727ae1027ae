// Which process of a run has which device. Used by training sessions, rehearsals, and the check of memory.
#ifndef BATON_RUNTIME_PLANNING_DEAL_DEVICES_H_
#define BATON_RUNTIME_PLANNING_DEAL_DEVICES_H_

#include <vector>

#include "absl/status/statusor.h"
#include "proto/job.pb.h"

namespace baton {

// [member][device of the program]: the rank of the process that has this device of a member of tensor-parallel groups.
// Ascending for each member.
using DealtDevices = std::vector<std::vector<int>>;

// Each process gets whole stages, or all get an equal part of the members of one stage. `count`: the devices of the
// program, each of which stands for `num_members` devices of the job (parallel.tensor). Errors: InvalidArgument if
// there are more processes than devices, if devices.per_process is for another number of processes, or if neither way
// fits; also if GPUs of a stage would be in several processes.
//
//   2 stages, 4 members   in 2 processes: rank 0 has stage 0
//                         in 4: rank 0 has members 0 and 1 of stage 0, rank 1 members 2 and 3
//                         in 8: one member each
absl::StatusOr<DealtDevices> DealMembers(const proto::Devices& devices, int num_members, int count, int num_processes);

// The ranks of member 0's devices. Otherwise as DealMembers.
absl::StatusOr<std::vector<int>> DealDevices(const proto::Devices& devices, int num_members, int count,
                                             int num_processes);

// The members of which a process has devices: consecutive ones, as many in every process.
struct DealtMembers {
  int first = 0;
  int count = 1;
};
DealtMembers MembersOf(const DealtDevices& dealt, int rank);

}  // namespace baton

#endif  // BATON_RUNTIME_PLANNING_DEAL_DEVICES_H_
