// Which process of a run has which device. Used by training sessions, rehearsals, and the check of memory.
#ifndef BATON_RUNTIME_PLANNING_DEAL_DEVICES_H_
#define BATON_RUNTIME_PLANNING_DEAL_DEVICES_H_

#include <vector>

#include "absl/status/statusor.h"
#include "proto/job.pb.h"

namespace baton {

// [device of the program]: the rank of its process, ascending. `count`: the devices of the program, each of which
// stands for `num_members` devices of the job (parallel.tensor). Errors: InvalidArgument if there are more processes
// than devices, if devices.per_process is for another number of processes, or if it tears members apart.
absl::StatusOr<std::vector<int>> DealDevices(const proto::Devices& devices, int num_members, int count,
                                             int num_processes);

}  // namespace baton

#endif  // BATON_RUNTIME_PLANNING_DEAL_DEVICES_H_
