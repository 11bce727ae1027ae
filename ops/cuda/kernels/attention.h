// Baton's own attention kernels, which store no probabilities (Dao 2023, FlashAttention-2). Used by
// CudaAttention for f32, and for bf16 where cuDNN has no kernel.
#ifndef BATON_OPS_CUDA_KERNELS_ATTENTION_H_
#define BATON_OPS_CUDA_KERNELS_ATTENTION_H_

#include "absl/status/status.h"
#include "ops/cuda/kernels/attention_shape.h"
#include "ops/layers/layer.h"

namespace baton {

// Shapes: AttentionShape's. Products and sums are in f32. All functions are asynchronous on `stream`. Errors: Internal
// if CUDA refuses a launch.

// The largest head width that the kernels take, in channels.
inline constexpr int64_t kMaxHeadWidth = 256;

// Dropout of probabilities, which draws as ops/layers/attention_dropout.h does.
struct ProbabilityDropout {
  uint64_t name_hash = 0;             // DropoutNameHash of the layer
  uint64_t threshold = 0;             // DropoutThreshold of the probability; 0: nothing is dropped
  float scale = 1.0f;                 // of the probabilities that stay
  const StepContext* step = nullptr;  // in memory that host and device share; drops only if it says `training`
  int64_t first_sequence = 0;         // the number of the first sequence in the step's batch
  int64_t first_head = 0;             // the number of the first head in the whole layer
};

// y ← softmax(q · kᵀ / √head_width, over the keys that each query sees) · v. Writes y_copy, shaped as y, as well unless
// it is null.
absl::Status LaunchAttention(KernelStream stream, const AttentionShape& shape, const ProbabilityDropout& dropout,
                             const void* x, void* y, void* y_copy, float* log_sums);

// The scratch that LaunchAttentionBackward needs.
Bytes AttentionBackwardScratchBytes(const AttentionShape& shape);

// dx ← the gradients of queries, keys and values. dx: shaped as x. Computes the probabilities twice, once for the
// gradients of queries and once for those of keys and values, so that no two blocks write the same element.
absl::Status LaunchAttentionBackward(KernelStream stream, const AttentionShape& shape,
                                     const ProbabilityDropout& dropout, const void* x, const void* y,
                                     const float* log_sums, const void* dy, void* dx, std::byte* scratch);

}  // namespace baton

#endif  // BATON_OPS_CUDA_KERNELS_ATTENTION_H_
