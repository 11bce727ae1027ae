// Times each layer of a model on one device, or each chunk as a whole, and transfers, so that a simulation predicts
// this machine. Used by the commands that take a job and by `baton profile`.
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

// Fills the times of table.costs: the median of `repeats` runs of each layer's three parts, of its recomputation and of
// its update, after one that is not counted. Takes about `repeats` steps' time.
absl::StatusOr<TransferCosts> ProfileLayers(const Backend& backend, int repeats, ModelTable& table);

// The same for each chunk of a split, run as one, as training does: what a layer finds in the caches is what the one
// before it left there. Sizes are those of `split`; link_ns is what copying each chunk's output takes.
absl::StatusOr<CostModel> ProfileChunks(const Backend& backend, int repeats, const ModelTable& table,
                                        absl::Span<const LayerRange> split);

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_PROFILE_H_
