// All weights of a run in the memory of rank 0, for the weights file. Used by training sessions.
#ifndef BATON_RUNTIME_TRAIN_GATHER_WEIGHTS_H_
#define BATON_RUNTIME_TRAIN_GATHER_WEIGHTS_H_

#include <cstddef>
#include <vector>

#include "absl/status/statusor.h"
#include "ops/layers/layer.h"
#include "runtime/checkpoint/safetensors.h"
#include "runtime/process/control.h"

namespace baton {

struct GatheredWeights {
  std::vector<std::vector<std::byte>> memory;  // [parameter]
  std::vector<TensorToWrite> tensors;          // in the order of the layout; they point into `memory`
};

// All processes call it at the same time. `specs`: ParameterState::WholeSpecs(). `own`: ParameterState::Weights() of
// this process. In rank 0 all tensors, in the order of `specs`; in the others none. They travel in pieces, so that rank
// 0 holds little more than the weights. Errors: those of the control plane; Internal if a tensor comes from no process.
absl::StatusOr<GatheredWeights> GatherWeights(Control& control, const std::vector<ParameterSpec>& specs,
                                              const std::vector<TensorToWrite>& own);

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_GATHER_WEIGHTS_H_
