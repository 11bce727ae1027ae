// The extents of an embedding. Used by the kernels of embedding.h and segment_gradient.h.
#ifndef BATON_OPS_CUDA_KERNELS_EMBEDDING_SHAPE_H_
#define BATON_OPS_CUDA_KERNELS_EMBEDDING_SHAPE_H_

#include <cstdint>

#include "ops/tensor/shape.h"

namespace baton {

// ids: [sequences, context] i32: segment · vocabulary + token, so that with one segment an id is the token. An id
// outside [0, segments · vocabulary) embeds as NaN and gets no gradient.
struct EmbeddingShape {
  DataType type = DataType::kFloat32;  // of tables and outputs: f32 or bf16
  int64_t sequences = 0;
  int64_t context = 0;
  int64_t vocabulary = 0;
  int64_t width = 0;
  int64_t segments = 1;
  // The rows of the whole table of tokens that `table` has. Tokens outside count as zeros, and get no gradient.
  int64_t own_begin = 0;
  int64_t own_end = 0;

  constexpr bool IsOwn(int64_t token) const { return token >= own_begin && token < own_end; }
};

}  // namespace baton

#endif  // BATON_OPS_CUDA_KERNELS_EMBEDDING_SHAPE_H_
