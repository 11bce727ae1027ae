// The kernels of token and position embedding. Used by CudaEmbedding.
#ifndef BATON_OPS_CUDA_KERNELS_EMBEDDING_H_
#define BATON_OPS_CUDA_KERNELS_EMBEDDING_H_

#include "absl/status/status.h"
#include "ops/layers/layer.h"

namespace baton {

// tokens: [sequences, context] i32. A token outside the vocabulary embeds as NaN and gets no gradient. Both functions
// are asynchronous on `stream`. Errors: Internal if CUDA refuses a launch.
struct EmbeddingShape {
  DataType type = DataType::kFloat32;  // of tables and outputs: f32 or bf16
  int64_t sequences = 0;
  int64_t context = 0;
  int64_t vocabulary = 0;
  int64_t width = 0;
};

// y ← table[token] + positions[position]. y: [sequences, context, width]; table: [vocabulary, width];
// positions: [≥ context, width]; null adds nothing.
absl::Status LaunchEmbedding(KernelStream stream, const EmbeddingShape& shape, const int32_t* tokens, const void* table,
                             const void* positions, void* y);

// table_gradient[token] += Σ dy of the rows with that token; position_gradient[position] += Σ dy of the rows at that
// position, unless it is null. Sums run in the order of rows, without atomics. table_gradient: [vocabulary, width] f32;
// position_gradient: [≥ context, width] f32; dy: [sequences, context, width].
absl::Status LaunchEmbeddingBackward(KernelStream stream, const EmbeddingShape& shape, const int32_t* tokens,
                                     const void* dy, float* table_gradient, float* position_gradient);

}  // namespace baton

#endif  // BATON_OPS_CUDA_KERNELS_EMBEDDING_H_
