// The two kernels of attention. Used by kernels.cc.
#ifndef BATON_OPS_MODELS_ATTENTION_KERNELS_H_
#define BATON_OPS_MODELS_ATTENTION_KERNELS_H_

#include "ops/layers/layer.h"
#include "ops/layers/spec.h"
#include "ops/models/kernels.h"

namespace baton {

// `layer` is made from `spec`.
LayerKernels AttentionKernels(const AttentionSpec& spec, const Layer& layer);

}  // namespace baton

#endif  // BATON_OPS_MODELS_ATTENTION_KERNELS_H_
