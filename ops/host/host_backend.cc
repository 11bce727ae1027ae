// The host backend's table of layers, and its loops over whole tensors: sums, norms, AdamW.
#include "ops/host/host_backend.h"

#include <utility>
#include <variant>

#include "base/status.h"
#include "ops/host/activation.h"
#include "ops/host/attention.h"
#include "ops/host/batch_norm.h"
#include "ops/host/convolution.h"
#include "ops/host/cross_entropy.h"
#include "ops/host/dropout.h"
#include "ops/host/embedding.h"
#include "ops/host/gate.h"
#include "ops/host/group_norm.h"
#include "ops/host/layer_norm.h"
#include "ops/host/linear.h"
#include "ops/host/one_dnn.h"
#include "ops/host/pool.h"
#include "ops/host/rms_norm.h"
#include "ops/host/rotary.h"
#include "ops/host/rows.h"
#include "ops/host/simd.h"
#include "ops/host/support.h"
#include "ops/optimizer/adamw.h"
#include "ops/optimizer/loop_optimizer.h"

namespace baton {
namespace {

// sum ← a + b; sum may be a or b.
BATON_SIMD_CLONES
void AddElements(int64_t count, const float* a, const float* b, float* sum) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) sum[i] = a[i] + b[i];
}

// The number of partial sums. Fixed, so that the order of the sum is the same for every vector width.
constexpr int kPartialSums = 32;

BATON_SIMD_CLONES
double SumOfSquares(int64_t count, const float* __restrict values) {
  double partial[kPartialSums] = {};
  int64_t i = 0;
  for (; i + kPartialSums <= count; i += kPartialSums) {
#pragma omp simd
    for (int lane = 0; lane < kPartialSums; ++lane) {
      const double value = values[i + lane];
      partial[lane] += value * value;
    }
  }
  for (; i < count; ++i) partial[i % kPartialSums] += static_cast<double>(values[i]) * values[i];
  double sum = 0;
  for (double value : partial) sum += value;
  return sum;
}

// values, gradients, first_moment, second_moment: [count].
BATON_SIMD_CLONES
void AdamWElements(int64_t count, const AdamWFactors& factors, float decay_factor, float* __restrict values,
                   float* __restrict gradients, float* __restrict first_moment, float* __restrict second_moment) {
  const AdamWFactors f = factors;
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    const AdamWElement after =
        UpdateByAdamW(f, decay_factor, {values[i], first_moment[i], second_moment[i]}, gradients[i]);
    values[i] = after.value;
    first_moment[i] = after.first_moment;
    second_moment[i] = after.second_moment;
    gradients[i] = 0;
  }
}

void AdamW(const OptimizedParameter& parameter, const UpdateControl& control, double gradient_scale) {
  const AdamWFactors factors = MakeAdamWFactors(control, gradient_scale);
  AdamWElements(parameter.num_elements, factors, parameter.decays ? factors.decay_factor : 1.0f,
                Floats(parameter.values), Floats(parameter.gradients), Floats(parameter.first_moment),
                Floats(parameter.second_moment));
}

// The table of layers: one row a kind.
struct Maker {
  using Result = absl::StatusOr<std::unique_ptr<Layer>>;
  const Shape& input;
  const int threads;

  Result operator()(const LinearSpec& spec) const { return CreateHostLinear(spec, input, threads); }
  Result operator()(const EmbeddingSpec& spec) const { return CreateHostEmbedding(spec, input); }
  Result operator()(const LayerNormSpec& spec) const { return CreateHostLayerNorm(spec, input, threads); }
  Result operator()(const RmsNormSpec& spec) const { return CreateHostRmsNorm(spec, input); }
  Result operator()(const ActivationSpec& spec) const { return CreateHostActivation(spec, input, threads); }
  Result operator()(const GateSpec& spec) const { return CreateHostGate(spec, input); }
  Result operator()(const RotarySpec& spec) const { return CreateHostRotary(spec, input); }
  Result operator()(const AttentionSpec& spec) const { return CreateHostAttention(spec, input, threads); }
  Result operator()(const DropoutSpec& spec) const { return CreateHostDropout(spec, input); }
  Result operator()(const ConvolutionSpec& spec) const { return CreateHostConvolution(spec, input, threads); }
  Result operator()(const GroupNormSpec& spec) const { return CreateHostGroupNorm(spec, input); }
  Result operator()(const BatchNormSpec& spec) const { return CreateHostBatchNorm(spec, input, threads); }
  Result operator()(const PoolSpec& spec) const { return CreateHostPool(spec, input, threads); }
  Result operator()(const GlobalAverageSpec& spec) const { return CreateHostGlobalAverage(spec, input); }
  Result operator()(const PatchesSpec& spec) const { return CreateHostPatches(spec, input); }
  Result operator()(const PositionsSpec& spec) const { return CreateHostPositions(spec, input); }
  Result operator()(const FirstRowSpec& spec) const { return CreateHostFirstRow(spec, input); }
  Result operator()(const ColumnsSpec& spec) const { return CreateHostColumns(spec, input); }
  Result operator()(const CrossEntropySpec& spec) const { return CreateHostCrossEntropy(spec, input); }
  template <typename Other>
  Result operator()(const Other&) const {
    return NoSuchLayer("host", Other::kKind);
  }
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> HostBackend::Create(const LayerSpec& spec, const Shape& input) const {
  return std::visit(Maker{input, threads_}, spec.kind);
}

std::string HostBackend::platform() const { return DescribePlatform(); }

absl::Status HostBackend::Add(KernelStream stream, const Shape& shape, const std::byte* a, const std::byte* b,
                              std::byte* sum) const {
  BATON_RETURN_IF_ERROR(CheckFloat32(shape));
  AddElements(shape.NumElements(), Floats(a), Floats(b), Floats(sum));
  return absl::OkStatus();
}

std::unique_ptr<Optimizer> HostBackend::CreateOptimizer(std::vector<OptimizedParameter> parameters) const {
  return MakeLoopOptimizer({SumOfSquares, AdamW}, std::move(parameters));
}

}  // namespace baton
