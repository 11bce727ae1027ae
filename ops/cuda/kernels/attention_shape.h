// What causal attention is about: the extents of its input and output. Used by the kernels and by what stands in for
// them from a library.
#ifndef BATON_OPS_CUDA_KERNELS_ATTENTION_SHAPE_H_
#define BATON_OPS_CUDA_KERNELS_ATTENTION_SHAPE_H_

#include <cstdint>

#include "ops/tensor/shape.h"

namespace baton {

// x: [sequences, context, 3, heads, head_width] of `type`, f32 or bf16: queries, keys and values side by side.
// y: [sequences, context, heads, head_width]. log_sums: [sequences, heads, context] f32, log Σ exp of a query's
// scores.
struct AttentionShape {
  DataType type = DataType::kFloat32;
  int64_t sequences = 0;
  int64_t context = 0;
  int64_t heads = 0;
  int64_t head_width = 0;
};

}  // namespace baton

#endif  // BATON_OPS_CUDA_KERNELS_ATTENTION_SHAPE_H_
