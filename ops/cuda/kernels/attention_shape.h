// The extents of causal attention's input and output. Used by Baton's kernels and by FusedAttention.
#ifndef BATON_OPS_CUDA_KERNELS_ATTENTION_SHAPE_H_
#define BATON_OPS_CUDA_KERNELS_ATTENTION_SHAPE_H_

#include <cstdint>

#include "ops/tensor/shape.h"

namespace baton {

// x: [sequences, context, 3, heads, head_width]: queries, keys and values of a position side by side.
// y: [sequences, context, heads, head_width]. Both of `type`, f32 or bf16.
// log_sums: [sequences, heads, context] f32: log Σ exp of each query's scores.
struct AttentionShape {
  DataType type = DataType::kFloat32;
  int64_t sequences = 0;
  int64_t context = 0;
  int64_t heads = 0;
  int64_t head_width = 0;
};

}  // namespace baton

#endif  // BATON_OPS_CUDA_KERNELS_ATTENTION_SHAPE_H_
