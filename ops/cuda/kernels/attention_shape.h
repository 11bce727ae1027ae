// The extents of attention's input and output, and its mask. Used by Baton's kernels and by FusedAttention.
#ifndef BATON_OPS_CUDA_KERNELS_ATTENTION_SHAPE_H_
#define BATON_OPS_CUDA_KERNELS_ATTENTION_SHAPE_H_

#include <cstdint>

#include "ops/tensor/shape.h"

namespace baton {

// x: [sequences, context, heads + 2 · key_value_heads, head_width]: queries, keys and values of a position side by
// side. y: [sequences, context, heads, head_width]. Both of `type`, f32 or bf16. log_sums: [sequences, heads, context]
// f32: log Σ exp of each query's scores.
struct AttentionShape {
  DataType type = DataType::kFloat32;
  int64_t sequences = 0;
  int64_t context = 0;
  int64_t heads = 0;
  int64_t head_width = 0;
  int64_t key_value_heads = 0;  // divides heads; HeadsPerKey() neighbouring heads share keys and values
  bool causal = true;           // a query sees keys up to its own position; else all keys
  int64_t window = 0;           // causal only: a query sees its own and the window − 1 keys before; 0: all before

  constexpr int64_t HeadsPerKey() const { return heads / key_value_heads; }
  constexpr int64_t Width() const { return heads * head_width; }               // of a row of y
  constexpr int64_t KeyWidth() const { return key_value_heads * head_width; }  // of all keys of a row of x
  constexpr int64_t RowWidth() const { return (heads + 2 * key_value_heads) * head_width; }  // of a row of x

  constexpr bool Sees(int64_t query, int64_t key) const {
    return key < context && (!causal || (key <= query && (window == 0 || key > query - window)));
  }
};

}  // namespace baton

#endif  // BATON_OPS_CUDA_KERNELS_ATTENTION_SHAPE_H_
