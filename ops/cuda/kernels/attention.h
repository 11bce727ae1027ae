// Own causal attention kernels, which keep no probabilities (Dao 2023, FlashAttention-2): for f32, and for bf16 where
// cuDNN has none. Used by CudaCausalAttention.
#ifndef BATON_OPS_CUDA_KERNELS_ATTENTION_H_
#define BATON_OPS_CUDA_KERNELS_ATTENTION_H_

#include "absl/status/status.h"
#include "ops/cuda/kernels/attention_shape.h"
#include "ops/layers/layer.h"

namespace baton {

// Arrays as AttentionShape says; products and sums in f32. All are asynchronous on `stream`. Errors: Internal if CUDA
// refuses.

// The widest heads that the kernels take.
inline constexpr int64_t kMaxHeadWidth = 256;

// y ← softmax(q · kᵀ / √head_width, causal) · v; y_copy, too, if it is not null.
absl::Status LaunchAttention(KernelStream stream, const AttentionShape& shape, const void* x, void* y, void* y_copy,
                             float* log_sums);

// What LaunchAttentionBackward needs of scratch.
Bytes AttentionBackwardScratchBytes(const AttentionShape& shape);

// dx, as x, ← the gradients of queries, keys and values. The probabilities are worked out again, once for the queries'
// gradients and once for those of keys and values, so that no two blocks write the same place.
absl::Status LaunchAttentionBackward(KernelStream stream, const AttentionShape& shape, const void* x, const void* y,
                                     const float* log_sums, const void* dy, void* dx, std::byte* scratch);

}  // namespace baton

#endif  // BATON_OPS_CUDA_KERNELS_ATTENTION_H_
