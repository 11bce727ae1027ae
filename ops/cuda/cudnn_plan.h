// cuDNN's execution plans for fused attention: described once for a shape, then executed. Used by cudnn_attention.cc
// alone. This header does not include cuDNN's frontend, which alone takes most of a minute to compile.
#ifndef BATON_OPS_CUDA_CUDNN_PLAN_H_
#define BATON_OPS_CUDA_CUDNN_PLAN_H_

#include <cudnn.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/units.h"
#include "ops/cuda/kernels/attention_shape.h"

namespace baton {

// The tensors of a plan, laid out as AttentionShape and LaunchAttentionBackward say. kStats are AttentionShape's
// log_sums. A forward plan reads kQuery, kKey and kValue and writes kOutput and kStats; a backward plan reads those
// five and kGradOutput, and writes kGradQuery, kGradKey and kGradValue.
enum CudnnTensor : int64_t { kQuery = 1, kKey, kValue, kOutput, kStats, kGradOutput, kGradQuery, kGradKey, kGradValue };
using CudnnPointers = std::unordered_map<int64_t, void*>;

// Thread contract: one thread at a time, and one for each handle. Lifecycle: made for `handle`'s device.
class CudnnPlan {
 public:
  struct Request {
    AttentionShape shape;  // of bf16
    bool backward = false;
    bool deterministic = true;  // the same bits in each run; concerns the backward pass
    Bytes workspace = 0;        // at most
  };

  // Takes seconds. Errors: Unimplemented, with cuDNN's message, if cuDNN has no kernel for the shape that needs no more
  // workspace than the request allows.
  static absl::StatusOr<std::unique_ptr<CudnnPlan>> Create(cudnnHandle_t handle, const Request& request);
  ~CudnnPlan();

  // Asynchronous on the handle's stream. `workspace`: request.workspace bytes, 256-byte aligned. Errors: Internal, with
  // cuDNN's message.
  absl::Status Execute(cudnnHandle_t handle, CudnnPointers* pointers, void* workspace) const;

 private:
  struct Graph;
  explicit CudnnPlan(std::unique_ptr<Graph> graph);

  const std::unique_ptr<Graph> graph_;
};

}  // namespace baton

#endif  // BATON_OPS_CUDA_CUDNN_PLAN_H_
