// Pooling by oneDNN, and global averages. Used only by HostBackend.
#ifndef BATON_OPS_HOST_POOL_H_
#define BATON_OPS_HOST_POOL_H_

#include <memory>

#include "absl/status/statusor.h"
#include "ops/layers/layer.h"
#include "ops/layers/spec.h"

namespace baton {

// Errors: PoolInfo's; Internal if oneDNN fails.
absl::StatusOr<std::unique_ptr<Layer>> CreateHostPool(const PoolSpec& spec, const Shape& input, int threads);
// Errors: GlobalAverageInfo's.
absl::StatusOr<std::unique_ptr<Layer>> CreateHostGlobalAverage(const GlobalAverageSpec& spec, const Shape& input);

}  // namespace baton

#endif  // BATON_OPS_HOST_POOL_H_
