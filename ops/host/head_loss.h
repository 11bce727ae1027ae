// A linear layer and the cross-entropy of its outputs as one layer, which never has all logits at once. Used only by
// HostBackend.
#ifndef BATON_OPS_HOST_HEAD_LOSS_H_
#define BATON_OPS_HOST_HEAD_LOSS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "ops/host/host_options.h"
#include "ops/layers/layer.h"
#include "ops/layers/spec.h"

namespace baton {

// Returns null for two layers: unless HostOptions::head_in_blocks, if all logits take at most 8 MiB, in bf16, and for
// parts of tensor parallelism. Errors: LinearInfo's and CrossEntropyInfo's.
absl::StatusOr<std::unique_ptr<Layer>> CreateHostHeadLoss(const LinearSpec& head, const CrossEntropySpec& loss,
                                                          const Shape& input, const HostOptions& options);

}  // namespace baton

#endif  // BATON_OPS_HOST_HEAD_LOSS_H_
