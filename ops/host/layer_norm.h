// Layer normalisation on the host. Used only by HostBackend.
#ifndef BATON_OPS_HOST_LAYER_NORM_H_
#define BATON_OPS_HOST_LAYER_NORM_H_

#include <memory>

#include "absl/status/statusor.h"
#include "ops/layers/layer.h"
#include "ops/layers/spec.h"

namespace baton {

// Errors: LayerNormInfo's.
absl::StatusOr<std::unique_ptr<Layer>> CreateHostLayerNorm(const LayerNormSpec& spec, const Shape& input, int threads);

}  // namespace baton

#endif  // BATON_OPS_HOST_LAYER_NORM_H_
