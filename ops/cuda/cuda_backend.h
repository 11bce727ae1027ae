// The backend of NVIDIA GPUs: products by cuBLASLt, attention by cuDNN where it has a kernel, everything else by
// Baton's own kernels. Used for `devices { backend: CUDA }`; checked against ReferenceBackend by tests/conformance.
#ifndef BATON_OPS_CUDA_CUDA_BACKEND_H_
#define BATON_OPS_CUDA_CUDA_BACKEND_H_

#include <memory>
#include <string_view>
#include <vector>

#include "ops/backend.h"
#include "ops/cuda/cuda_backend_options.h"

namespace baton {

// Stream: calls enqueue kernels on a stream of the current device and return. With options.deterministic, the same
// shapes and inputs give the same bits on the same model of GPU. Lifecycle: layers are made without a device; the first
// call of each kind makes handles and plans on the current device and may not be captured. Ids are not checked: a token
// or target out of range makes the loss NaN. Thread contract: stateless; any thread.
class CudaBackend final : public Backend {
 public:
  explicit CudaBackend(const CudaBackendOptions& options = {}) : options_(options) {}

  std::string_view name() const override { return "cuda"; }
  DataType precision() const override { return options_.ElementType(); }
  bool rounds_parameters() const override { return options_.rounds_parameters; }

  // Errors besides Backend's: InvalidArgument for inputs of another type than precision(), for layer norms wider than
  // 16384 and for heads wider than 256.
  absl::StatusOr<std::unique_ptr<Layer>> Create(const LayerSpec& spec, const Shape& input) const override;
  absl::StatusOr<std::unique_ptr<Layer>> CreateFeedForward(const LinearSpec& first, ActivationKind activation,
                                                           const LinearSpec& second, const Shape& input) const override;
  absl::StatusOr<std::unique_ptr<Layer>> CreateHeadLoss(const LinearSpec& head, const CrossEntropySpec& loss,
                                                        const Shape& input) const override;

  absl::Status Add(KernelStream stream, const Shape& shape, const std::byte* a, const std::byte* b,
                   std::byte* sum) const override;
  absl::Status Copy(KernelStream stream, const std::byte* from, Bytes bytes, std::byte* to) const override;
  absl::Status Zero(KernelStream stream, Bytes bytes, std::byte* data) const override;
  std::unique_ptr<Optimizer> CreateOptimizer(std::vector<OptimizedParameter> parameters) const override;

 private:
  const CudaBackendOptions options_;
};

}  // namespace baton

#endif  // BATON_OPS_CUDA_CUDA_BACKEND_H_
