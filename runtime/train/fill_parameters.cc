// One source or the other.
#include "runtime/train/fill_parameters.h"

#include "base/status.h"
#include "ops/models/initialize.h"
#include "runtime/machine/available_cores.h"
#include "runtime/train/stored_weights.h"

namespace baton {

absl::Status FillParameters(const proto::Job& job, ParameterState& state) {
  if (job.run().initial_weights().empty()) {
    InitialValues initial(job.run().seed(), AvailableCores());
    return state.Fill(initial);
  }
  BATON_ASSIGN_OR_RETURN(const auto weights, OpenStoredWeights(job.run().initial_weights(), job.model()));
  BATON_RETURN_IF_ERROR(state.Fill(*weights));
  return weights->CheckAllRead();
}

}  // namespace baton
