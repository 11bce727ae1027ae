// Times each layer of a model on one device, and a transfer, so that a simulation predicts this machine. Used by the
// commands that take a job.
#ifndef BATON_RUNTIME_TRAIN_PROFILE_H_
#define BATON_RUNTIME_TRAIN_PROFILE_H_

#include "absl/status/status.h"
#include "ops/backend.h"
#include "runtime/train/job_model.h"

namespace baton {

struct TransferCosts {
  Nanos transfer_ns = 0;  // the largest activation, copied once
  Nanos load_ns = 0;
};

// Fills the times of table.costs: the median of `repeats` runs of each layer's three parts and of its update, after one
// that is not counted. Takes about `repeats` steps' time.
absl::StatusOr<TransferCosts> ProfileLayers(const Backend& backend, int repeats, ModelTable& table);

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_PROFILE_H_
