// Whether the replicas of each chunk have the same parameters, whichever processes they are in. Used by training
// sessions.
#ifndef BATON_RUNTIME_TRAIN_COMPARE_REPLICAS_H_
#define BATON_RUNTIME_TRAIN_COMPARE_REPLICAS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "runtime/process/control.h"
#include "schedules/program/program.h"

namespace baton {

// All processes call it at the same time. `hashes`: of the parameters of each entry of ChunkPlacement::replicas() that
// is in this process, in their order. `step`: counted from 0. Errors: DataLoss, AgreedByAll, that names step, chunk,
// devices and, in a run over several processes, ranks; those of the control plane.
absl::Status CompareReplicas(Control& control, const Program& program, const std::vector<int>& rank_of_device,
                             const std::vector<std::string>& hashes, int64_t step);

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_COMPARE_REPLICAS_H_
