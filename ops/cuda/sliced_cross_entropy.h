// Cross-entropy of one member's slice of the classes, on GPUs. Used only by CreateCudaCrossEntropy.
#ifndef BATON_OPS_CUDA_SLICED_CROSS_ENTROPY_H_
#define BATON_OPS_CUDA_SLICED_CROSS_ENTROPY_H_

#include <memory>

#include "ops/layers/layer.h"
#include "ops/layers/layer_info.h"
#include "ops/layers/spec.h"

namespace baton {

// `spec` has a slice; `info`: CrossEntropyInfo's of an input of the backend's precision.
std::unique_ptr<Layer> CreateCudaSlicedCrossEntropy(const CrossEntropySpec& spec, LayerInfo info);

}  // namespace baton

#endif  // BATON_OPS_CUDA_SLICED_CROSS_ENTROPY_H_
