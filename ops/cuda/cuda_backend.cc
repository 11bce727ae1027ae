// The CUDA backend's table of layers.
#include "ops/cuda/cuda_backend.h"

#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
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

absl::Status NotSliced(const char* kind) {
  return absl::UnimplementedError(absl::StrCat(kind, ": the cuda backend has no parts of layers"));
}

// The table of layers: one row a kind.
struct Maker {
  using Result = absl::StatusOr<std::unique_ptr<Layer>>;
  const Shape& input;
  const CudaBackendOptions& options;

  Result operator()(const LinearSpec& spec) const {
    if (!spec.adds_bias) return NotSliced(LinearSpec::kKind);
    return CreateCudaLinear(spec, input, options);
  }
  Result operator()(const EmbeddingSpec& spec) const {
    if (!spec.slice.IsWhole() || !spec.adds_positions) return NotSliced(EmbeddingSpec::kKind);
    return CreateCudaEmbedding(spec, input, options);
  }
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
  Result operator()(const CrossEntropySpec& spec) const {
    if (!spec.slice.IsWhole()) return NotSliced(CrossEntropySpec::kKind);
    return CreateCudaCrossEntropy(spec, input, options);
  }
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
  if (!first.adds_bias || !second.adds_bias) return NotSliced("feed-forward");
  return CreateCudaFeedForward(first, activation, second, input, options_);
}

absl::StatusOr<std::unique_ptr<Layer>> CudaBackend::CreateHeadLoss(const LinearSpec& head, const CrossEntropySpec& loss,
                                                                   const Shape& input) const {
  if (!head.slice.IsWhole() || !head.adds_bias || !loss.slice.IsWhole()) return std::unique_ptr<Layer>();
  return CreateCudaHeadLoss(head, loss, input, options_);
}

absl::Status CudaBackend::Add(KernelStream stream, const Shape& shape, const std::byte* a, const std::byte* b,
                              std::byte* sum) const {
  BATON_RETURN_IF_ERROR(CheckPrecision(shape, options_.ElementType()));
  const KernelScope scope(stream.native_handle, [&] { return PassWork("add", "both", shape, 3); });
  return LaunchAdd(stream, shape.type(), shape.NumElements(), a, b, sum);
}

std::unique_ptr<Optimizer> CudaBackend::CreateOptimizer(std::vector<OptimizedParameter> parameters) const {
  return CreateCudaOptimizer(std::move(parameters));
}

}  // namespace baton
