// The parameters of a run by name, whichever chunks, devices and replicas use them: filled from a source, read for the
// weights file. Used by TrainingSession.
//
//   ParameterState state(&layout, memory_of_replicas);
//   InitialValues source(seed, num_threads);
//   BATON_RETURN_IF_ERROR(state.Fill(source));
//   BATON_ASSIGN_OR_RETURN(std::vector<TensorToWrite> weights, state.Weights());
#ifndef BATON_RUNTIME_TRAIN_PARAMETER_STATE_H_
#define BATON_RUNTIME_TRAIN_PARAMETER_STATE_H_

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ops/layers/parameter_layout.h"
#include "ops/layers/parameter_source.h"
#include "runtime/checkpoint/safetensors.h"
#include "runtime/device/device.h"

namespace baton {

// The parameters region of one replica of a chunk.
struct ReplicaParameters {
  int chunk = 0;
  Device* device = nullptr;         // not owned
  std::byte* parameters = nullptr;  // in the device's arena
};

// Thread contract: the launching thread, while no step runs. Borrows the layout and the devices.
class ParameterState {
 public:
  // `replicas`: at least one of every chunk, each region once. Replicas of a chunk stay equal.
  ParameterState(const ParameterLayout* layout, std::vector<ReplicaParameters> replicas);

  // Reads each parameter once and writes its values to all of its uses in all replicas. Errors: those of the source and
  // the devices.
  absl::Status Fill(ParameterSource& source);

  // The values of every parameter in the order of the layout, from the canonical uses; valid until the next call or
  // step.
  absl::StatusOr<std::vector<TensorToWrite>> Weights();

 private:
  const ParameterLayout* const layout_;
  const std::vector<ReplicaParameters> replicas_;
  std::vector<const ReplicaParameters*> first_replica_;  // [chunk]
  std::vector<std::vector<std::byte>> downloaded_;       // what Weights returned, where the host cannot read the arena
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_PARAMETER_STATE_H_
