// Batch norm by oneDNN. Used only by HostBackend.
#ifndef BATON_OPS_HOST_BATCH_NORM_H_
#define BATON_OPS_HOST_BATCH_NORM_H_

#include <memory>

#include "absl/status/statusor.h"
#include "ops/layers/layer.h"
#include "ops/layers/spec.h"

namespace baton {

// Errors: BatchNormInfo's; Internal if oneDNN fails.
absl::StatusOr<std::unique_ptr<Layer>> CreateHostBatchNorm(const BatchNormSpec& spec, const Shape& input, int threads);

}  // namespace baton

#endif  // BATON_OPS_HOST_BATCH_NORM_H_
