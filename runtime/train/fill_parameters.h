// The parameters that a run begins with. Used by training and inference sessions.
#ifndef BATON_RUNTIME_TRAIN_FILL_PARAMETERS_H_
#define BATON_RUNTIME_TRAIN_FILL_PARAMETERS_H_

#include "absl/status/status.h"
#include "proto/job.pb.h"
#include "runtime/train/parameter_state.h"

namespace baton {

// Fills the parameters of `state` from run.initial_weights, or else with initial values by run.seed. `job` must be
// resolved. Errors: those of StoredWeights and ParameterState::Fill.
absl::Status FillParameters(const proto::Job& job, ParameterState& state);

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_FILL_PARAMETERS_H_
