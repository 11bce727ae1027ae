// The CUDA backend's table of layers.
#include "ops/cuda/cuda_backend.h"

#include <cuda_runtime_api.h>

#include <utility>
#include <variant>

#include "base/cuda_status.h"
#include "base/status.h"
#include "ops/cuda/activation.h"
#include "ops/cuda/attention.h"
#include "ops/cuda/cross_entropy.h"
#include "ops/cuda/cuda_optimizer.h"
#include "ops/cuda/dropout.h"
#include "ops/cuda/embedding.h"
#include "ops/cuda/feed_forward.h"
#include "ops/cuda/gate.h"
#include "ops/cuda/head_loss.h"
#include "ops/cuda/kernels/elementwise.h"
#include "ops/cuda/layer_norm.h"
#include "ops/cuda/linear.h"
#include "ops/cuda/rms_norm.h"
#include "ops/cuda/rotary.h"
#include "ops/cuda/rows.h"
#include "ops/cuda/support.h"

namespace baton {
namespace {

cudaStream_t Native(KernelStream stream) { return static_cast<cudaStream_t>(stream.native_handle); }

// The table of layers: one row a kind.
struct Maker {
  using Result = absl::StatusOr<std::unique_ptr<Layer>>;
  const Shape& input;
  const CudaBackendOptions& options;

  Result operator()(const LinearSpec& spec) const { return CreateCudaLinear(spec, input, options); }
  Result operator()(const EmbeddingSpec& spec) const { return CreateCudaEmbedding(spec, input, options); }
  Result operator()(const LayerNormSpec& spec) const { return CreateCudaLayerNorm(spec, input, options); }
  Result operator()(const RmsNormSpec& spec) const { return CreateCudaRmsNorm(spec, input, options); }
  Result operator()(const ActivationSpec& spec) const { return CreateCudaActivation(spec, input, options); }
  Result operator()(const GateSpec& spec) const { return CreateCudaGate(spec, input, options); }
  Result operator()(const RotarySpec& spec) const { return CreateCudaRotary(spec, input, options); }
  Result operator()(const AttentionSpec& spec) const { return CreateCudaAttention(spec, input, options); }
  Result operator()(const DropoutSpec& spec) const { return CreateCudaDropout(spec, input, options); }
  Result operator()(const PatchesSpec& spec) const { return CreateCudaPatches(spec, input, options); }
  Result operator()(const PositionsSpec& spec) const { return CreateCudaPositions(spec, input, options); }
  Result operator()(const FirstRowSpec& spec) const { return CreateCudaFirstRow(spec, input, options); }
  Result operator()(const ColumnsSpec& spec) const { return CreateCudaColumns(spec, input, options); }
  Result operator()(const CrossEntropySpec& spec) const { return CreateCudaCrossEntropy(spec, input, options); }
  template <typename Other>
  Result operator()(const Other&) const {
    return NoSuchLayer("cuda", Other::kKind);
  }
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CudaBackend::Create(const LayerSpec& spec, const Shape& input) const {
  return std::visit(Maker{input, options_}, spec.kind);
}

absl::StatusOr<std::unique_ptr<Layer>> CudaBackend::CreateFeedForward(const LinearSpec& first,
                                                                      ActivationKind activation,
                                                                      const LinearSpec& second,
                                                                      const Shape& input) const {
  return CreateCudaFeedForward(first, activation, second, input, options_);
}

absl::StatusOr<std::unique_ptr<Layer>> CudaBackend::CreateHeadLoss(const LinearSpec& head, const CrossEntropySpec& loss,
                                                                   const Shape& input) const {
  if (!head.slice.IsWhole() || !head.adds_bias || !loss.slice.IsWhole()) return std::unique_ptr<Layer>();
  return CreateCudaHeadLoss(head, loss, input, options_);
}

absl::Status CudaBackend::Add(KernelStream stream, const Shape& shape, const std::byte* a, const std::byte* b,
                              std::byte* sum) const {
  // Gradients of parameters are f32 in every precision.
  if (shape.type() != DataType::kFloat32) BATON_RETURN_IF_ERROR(CheckPrecision(shape, options_.ElementType()));
  const KernelScope scope(stream.native_handle, [&] { return PassWork("add", "both", shape, 3); });
  return LaunchAdd(stream, shape.type(), shape.NumElements(), a, b, sum);
}

absl::Status CudaBackend::Copy(KernelStream stream, const std::byte* from, Bytes bytes, std::byte* to) const {
  BATON_RETURN_IF_CUDA_ERROR(
      cudaMemcpyAsync(to, from, static_cast<size_t>(bytes), cudaMemcpyDeviceToDevice, Native(stream)));
  return absl::OkStatus();
}

absl::Status CudaBackend::Zero(KernelStream stream, Bytes bytes, std::byte* data) const {
  BATON_RETURN_IF_CUDA_ERROR(cudaMemsetAsync(data, 0, static_cast<size_t>(bytes), Native(stream)));
  return absl::OkStatus();
}

std::unique_ptr<Optimizer> CudaBackend::CreateOptimizer(std::vector<OptimizedParameter> parameters) const {
  return CreateCudaOptimizer(std::move(parameters));
}

}  // namespace baton
