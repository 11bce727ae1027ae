// The host backend's table of layers.
#include "ops/host/host_backend.h"

#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "ops/host/activation.h"
#include "ops/host/adamw_loops.h"
#include "ops/host/attention.h"
#include "ops/host/batch_norm.h"
#include "ops/host/convolution.h"
#include "ops/host/cross_entropy.h"
#include "ops/host/dropout.h"
#include "ops/host/embedding.h"
#include "ops/host/feed_forward.h"
#include "ops/host/gate.h"
#include "ops/host/group_norm.h"
#include "ops/host/head_loss.h"
#include "ops/host/layer_norm.h"
#include "ops/host/linear.h"
#include "ops/host/one_dnn.h"
#include "ops/host/pool.h"
#include "ops/host/rms_norm.h"
#include "ops/host/rotary.h"
#include "ops/host/rows.h"
#include "ops/host/support.h"
#include "ops/host/vectors.h"
#include "ops/optimizer/loop_optimizer.h"

namespace baton {
namespace {

// The table of layers: one row a kind.
struct Maker {
  using Result = absl::StatusOr<std::unique_ptr<Layer>>;
  const Shape& input;
  const HostOptions& options;
  const int threads = options.threads;

  Result operator()(const LinearSpec& spec) const { return CreateHostLinear(spec, input, options); }
  Result operator()(const EmbeddingSpec& spec) const { return CreateHostEmbedding(spec, input, threads); }
  Result operator()(const LayerNormSpec& spec) const { return CreateHostLayerNorm(spec, input, threads); }
  Result operator()(const RmsNormSpec& spec) const { return CreateHostRmsNorm(spec, input, threads); }
  Result operator()(const ActivationSpec& spec) const { return CreateHostActivation(spec, input, threads); }
  Result operator()(const GateSpec& spec) const { return CreateHostGate(spec, input, threads); }
  Result operator()(const RotarySpec& spec) const { return CreateHostRotary(spec, input, threads); }
  Result operator()(const AttentionSpec& spec) const { return CreateHostAttention(spec, input, threads); }
  Result operator()(const DropoutSpec& spec) const { return CreateHostDropout(spec, input, threads); }
  Result operator()(const ConvolutionSpec& spec) const { return CreateHostConvolution(spec, input, threads); }
  Result operator()(const GroupNormSpec& spec) const { return CreateHostGroupNorm(spec, input, threads); }
  Result operator()(const BatchNormSpec& spec) const { return CreateHostBatchNorm(spec, input, threads); }
  Result operator()(const PoolSpec& spec) const { return CreateHostPool(spec, input, threads); }
  Result operator()(const GlobalAverageSpec& spec) const { return CreateHostGlobalAverage(spec, input); }
  Result operator()(const PatchesSpec& spec) const { return CreateHostPatches(spec, input); }
  Result operator()(const PositionsSpec& spec) const { return CreateHostPositions(spec, input); }
  Result operator()(const FirstRowSpec& spec) const { return CreateHostFirstRow(spec, input); }
  Result operator()(const ColumnsSpec& spec) const { return CreateHostColumns(spec, input); }
  Result operator()(const CrossEntropySpec& spec) const { return CreateHostCrossEntropy(spec, input, threads); }
  template <typename Other>
  Result operator()(const Other&) const {
    return NoSuchLayer("host", Other::kKind);
  }
};

}  // namespace

bool HostHasBFloat16() {
  const dnnl::cpu_isa isa = dnnl::get_effective_cpu_isa();
  return isa == dnnl::cpu_isa::avx512_core_bf16 || isa == dnnl::cpu_isa::avx512_core_amx;
}

absl::StatusOr<std::unique_ptr<Layer>> HostBackend::Create(const LayerSpec& spec, const Shape& input) const {
  return std::visit(Maker{input, options_}, spec.kind);
}

absl::StatusOr<std::unique_ptr<Layer>> HostBackend::CreateFeedForward(const LinearSpec& first,
                                                                      ActivationKind activation,
                                                                      const LinearSpec& second,
                                                                      const Shape& input) const {
  return CreateHostFeedForward(first, activation, second, input, options_);
}

absl::StatusOr<std::unique_ptr<Layer>> HostBackend::CreateHeadLoss(const LinearSpec& head, const CrossEntropySpec& loss,
                                                                   const Shape& input) const {
  return CreateHostHeadLoss(head, loss, input, options_);
}

std::string HostBackend::platform() const {
  return options_.products == DataType::kBFloat16 ? absl::StrCat(DescribePlatform(), ", products in bf16")
                                                  : DescribePlatform();
}

absl::Status HostBackend::Add(KernelStream stream, const Shape& shape, const std::byte* a, const std::byte* b,
                              std::byte* sum) const {
  BATON_RETURN_IF_ERROR(CheckFloat32(shape));
  AddElements(options_.threads, shape.NumElements(), Floats(a), Floats(b), Floats(sum));
  return absl::OkStatus();
}

std::unique_ptr<Optimizer> HostBackend::CreateOptimizer(std::vector<OptimizedParameter> parameters) const {
  const int threads = options_.threads;
  return MakeLoopOptimizer(
      {[threads](int64_t count, const float* values) { return SumOfSquares(threads, count, values); },
       [threads](const OptimizedParameter& parameter, const UpdateControl& control, double gradient_scale) {
         AdamW(threads, parameter, control, gradient_scale);
       }},
      std::move(parameters));
}

}  // namespace baton
