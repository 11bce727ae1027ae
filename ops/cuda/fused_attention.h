// Attention by a library's fused kernels. Implemented by cudnn_attention.cc, and by no_fused_attention.cc in builds
// without cuDNN's frontend and in tests on the host. Used by CudaAttention.
#ifndef BATON_OPS_CUDA_FUSED_ATTENTION_H_
#define BATON_OPS_CUDA_FUSED_ATTENTION_H_

#include <memory>

#include "absl/status/status.h"
#include "ops/cuda/kernels/attention_shape.h"
#include "ops/layers/layer.h"

namespace baton {

// Thread contract: one thread at a time. Lifecycle: made without a device; the first call of each kind makes its plan
// on the current device and may not be captured.
class FusedAttention {
 public:
  virtual ~FusedAttention() = default;

  // The scratch that either call needs, known without a device.
  virtual Bytes ScratchBytes() const = 0;

  // Compute the same as LaunchAttention and LaunchAttentionBackward, with the same shapes. Asynchronous on `stream`.
  // Errors: Unimplemented if the device has no kernel for the shape within ScratchBytes(); then no output was written
  // and the caller uses Baton's own kernels. Internal if the library fails.
  virtual absl::Status Forward(KernelStream stream, const void* x, void* y, float* log_sums, std::byte* scratch) = 0;
  virtual absl::Status Backward(KernelStream stream, const void* x, const void* y, const float* log_sums,
                                const void* dy, void* dx, std::byte* scratch) = 0;
};

// Returns null if the library takes no such shape. `deterministic`: the same bits in each run.
std::unique_ptr<FusedAttention> CreateFusedAttention(const AttentionShape& shape, bool deterministic);

}  // namespace baton

#endif  // BATON_OPS_CUDA_FUSED_ATTENTION_H_
