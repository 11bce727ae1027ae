// Attention by a library's fused kernels, where there is one for the shape: cudnn_attention.cc, or
// no_fused_attention.cc in builds without cuDNN's frontend and in tests on the host. Used by CudaCausalAttention.
#ifndef BATON_OPS_CUDA_FUSED_ATTENTION_H_
#define BATON_OPS_CUDA_FUSED_ATTENTION_H_

#include <memory>

#include "absl/status/status.h"
#include "ops/cuda/kernels/attention_shape.h"
#include "ops/layers/layer.h"

namespace baton {

// Thread contract: one thread at a time. Lifecycle: made anywhere, a GPU or none; the first call of each kind makes its
// plan on the current device and may not be captured.
class FusedAttention {
 public:
  virtual ~FusedAttention() = default;

  // The most that either call may use of scratch, asked for without a device.
  virtual Bytes ScratchBytes() const = 0;

  // As LaunchAttention and LaunchAttentionBackward, with their shapes; log_sums in the same order. Unimplemented if the
  // device has no kernel for the shape within ScratchBytes(): then none of the outputs was written, and the own kernels
  // take over.
  virtual absl::Status Forward(KernelStream stream, const void* x, void* y, float* log_sums, std::byte* scratch) = 0;
  virtual absl::Status Backward(KernelStream stream, const void* x, const void* y, const float* log_sums,
                                const void* dy, void* dx, std::byte* scratch) = 0;
};

// Null if the shape is none that the library takes.
std::unique_ptr<FusedAttention> CreateFusedAttention(const AttentionShape& shape, bool deterministic);

}  // namespace baton

#endif  // BATON_OPS_CUDA_FUSED_ATTENTION_H_
