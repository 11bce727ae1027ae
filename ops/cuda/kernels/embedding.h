// The kernels of token, position and segment embedding. Used by CudaEmbedding.
#ifndef BATON_OPS_CUDA_KERNELS_EMBEDDING_H_
#define BATON_OPS_CUDA_KERNELS_EMBEDDING_H_

#include "absl/status/status.h"
#include "ops/cuda/kernels/embedding_shape.h"
#include "ops/layers/layer.h"

namespace baton {

// Shapes of ids: EmbeddingShape's. Both functions are asynchronous on `stream`. Errors: Internal if CUDA refuses a
// launch.

// table: [own_end − own_begin, width]; positions: [≥ context, width]; segments: [segments, width]. Null: there is none.
template <typename T>
struct EmbeddingTables {
  T* table = nullptr;
  T* positions = nullptr;
  T* segments = nullptr;
};

// y ← table[token] + positions[position] + segments[segment]. y: [sequences, context, width]. Tables: of shape.type.
absl::Status LaunchEmbedding(KernelStream stream, const EmbeddingShape& shape, const int32_t* ids,
                             const EmbeddingTables<const std::byte>& tables, void* y);

// Adds to each row of each table of gradients the sum of dy over the rows of y that it is part of. Sums run in an order
// that depends on the ids alone, without atomics. Tables: f32; dy: [sequences, context, width]. Reads dy once for each
// table. scratch: SegmentGradientScratchBytes if there is a table of segments, else null.
absl::Status LaunchEmbeddingBackward(KernelStream stream, const EmbeddingShape& shape, const int32_t* ids,
                                     const void* dy, const EmbeddingTables<float>& gradients, std::byte* scratch);

}  // namespace baton

#endif  // BATON_OPS_CUDA_KERNELS_EMBEDDING_H_
