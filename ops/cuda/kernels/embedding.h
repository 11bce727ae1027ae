// Embedding's kernels. Used by CudaEmbedding.
#ifndef BATON_OPS_CUDA_KERNELS_EMBEDDING_H_
#define BATON_OPS_CUDA_KERNELS_EMBEDDING_H_

#include "absl/status/status.h"
#include "ops/layers/layer.h"

namespace baton {

// tokens: [sequences, context] i32. A token outside the vocabulary embeds as NaN and has no gradient: the host, which
// has the data, checks them. All are asynchronous on `stream`. Errors: Internal if CUDA refuses.
struct EmbeddingShape {
  DataType type = DataType::kFloat32;  // of tables and outputs: f32 or bf16
  int64_t sequences = 0;
  int64_t context = 0;
  int64_t vocabulary = 0;
  int64_t width = 0;
};

// y: [sequences, context, width] ← table[token] + positions[position]. table: [vocabulary, width];
// positions: [context or more, width], or null.
absl::Status LaunchEmbedding(KernelStream stream, const EmbeddingShape& shape, const int32_t* tokens, const void* table,
                             const void* positions, void* y);

// table_gradient: [vocabulary, width] f32 ← itself + Σ dy of the rows with that token, row after row; so too
// position_gradient: [context or more, width] f32, unless it is null. No atomics.
absl::Status LaunchEmbeddingBackward(KernelStream stream, const EmbeddingShape& shape, const int32_t* tokens,
                                     const void* dy, float* table_gradient, float* position_gradient);

}  // namespace baton

#endif  // BATON_OPS_CUDA_KERNELS_EMBEDDING_H_
