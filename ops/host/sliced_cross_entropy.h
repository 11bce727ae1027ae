// Cross-entropy of one member's slice of the classes, on the host. Used only by CreateHostCrossEntropy.
#ifndef BATON_OPS_HOST_SLICED_CROSS_ENTROPY_H_
#define BATON_OPS_HOST_SLICED_CROSS_ENTROPY_H_

#include <memory>

#include "ops/layers/layer.h"
#include "ops/layers/layer_info.h"
#include "ops/layers/spec.h"

namespace baton {

// `spec` has a slice; `info`: CrossEntropyInfo's of an f32 input.
std::unique_ptr<Layer> CreateHostSlicedCrossEntropy(const CrossEntropySpec& spec, LayerInfo info, int threads);

}  // namespace baton

#endif  // BATON_OPS_HOST_SLICED_CROSS_ENTROPY_H_
