// Whether the replicas of each chunk have the same parameters, whichever processes they are in, and the members of a
// tensor-parallel group those that are not cut. Used by training sessions.
#ifndef BATON_RUNTIME_TRAIN_COMPARE_REPLICAS_H_
#define BATON_RUNTIME_TRAIN_COMPARE_REPLICAS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ops/layers/parameter_layout.h"
#include "runtime/process/control.h"
#include "runtime/train/parameter_state.h"
#include "schedules/program/program.h"

namespace baton {

// Hashes of the parameters that one member of a tensor-parallel group has, in one replica of a chunk. Without spaces.
struct ParameterHashes {
  std::string all;    // equal on the same member of every replica
  std::string uncut;  // of the parameters that are no slices: equal on every member; not empty
};

// Errors: the device's.
absl::StatusOr<ParameterHashes> HashParameters(const ParameterLayout& layout, const ReplicaParameters& replica);

// All processes call it at the same time. `dealt`: [member][device], the process; see DealMembers. `hashes`: of each
// entry of ChunkPlacement::replicas(), in their order, those of each member of its group, ascending, that is in this
// process. `step`: counted from 0.
// Errors: DataLoss, AgreedByAll, that names step, chunk, devices, with several members these, and in a run over several
// processes ranks; those of the control plane.
absl::Status CompareReplicas(Control& control, const Program& program, const std::vector<std::vector<int>>& dealt,
                             const std::vector<ParameterHashes>& hashes, int64_t step);

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_COMPARE_REPLICAS_H_
