// The host's table of layers, and the operations on whole parameters: sums, norms, AdamW.
#include "ops/host/host_backend.h"

#include <cmath>

#include "base/status.h"
#include "ops/host/activation.h"
#include "ops/host/causal_attention.h"
#include "ops/host/cross_entropy.h"
#include "ops/host/embedding.h"
#include "ops/host/layer_norm.h"
#include "ops/host/linear.h"
#include "ops/host/simd.h"
#include "ops/host/support.h"
#include "ops/optimizer/loop_optimizer.h"

namespace baton {
namespace {

// sum may be a or b.
BATON_SIMD_CLONES
void AddElements(int64_t count, const float* a, const float* b, float* sum) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) sum[i] = a[i] + b[i];
}

// Into this many partial sums, so that their order is the same for every vector width.
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

struct AdamWFactors {
  float gradient_scale;
  float beta1;
  float one_minus_beta1;
  float beta2;
  float one_minus_beta2;
  float inverse_correction1;
  float inverse_correction2;
  float epsilon;
  float learning_rate;
  float decay_factor;  // 1 − learning_rate · weight_decay
};

BATON_SIMD_CLONES
void AdamWElements(int64_t count, const AdamWFactors& factors, float* __restrict values, float* __restrict gradients,
                   float* __restrict first_moment, float* __restrict second_moment) {
  const AdamWFactors f = factors;
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    const float g = f.gradient_scale * gradients[i];
    const float m = f.beta1 * first_moment[i] + f.one_minus_beta1 * g;
    const float v = f.beta2 * second_moment[i] + f.one_minus_beta2 * g * g;
    const float update = m * f.inverse_correction1 / (std::sqrt(v * f.inverse_correction2) + f.epsilon);
    values[i] = values[i] * f.decay_factor - f.learning_rate * update;
    first_moment[i] = m;
    second_moment[i] = v;
    gradients[i] = 0;
  }
}

void AdamW(const OptimizedParameter& parameter, const UpdateControl& control, double gradient_scale,
           double weight_decay) {
  AdamWFactors factors;
  factors.gradient_scale = static_cast<float>(gradient_scale);
  factors.beta1 = static_cast<float>(control.beta1);
  factors.one_minus_beta1 = static_cast<float>(1 - control.beta1);
  factors.beta2 = static_cast<float>(control.beta2);
  factors.one_minus_beta2 = static_cast<float>(1 - control.beta2);
  factors.inverse_correction1 = static_cast<float>(1 / (1 - std::pow(control.beta1, control.step)));
  factors.inverse_correction2 = static_cast<float>(1 / (1 - std::pow(control.beta2, control.step)));
  factors.epsilon = static_cast<float>(control.epsilon);
  factors.learning_rate = static_cast<float>(control.learning_rate);
  factors.decay_factor = static_cast<float>(1 - control.learning_rate * weight_decay);
  AdamWElements(parameter.num_elements, factors, Floats(parameter.values), Floats(parameter.gradients),
                Floats(parameter.first_moment), Floats(parameter.second_moment));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> HostBackend::CreateLinear(const LinearSpec& spec, const Shape& input) const {
  return CreateHostLinear(spec, input, threads_);
}

absl::StatusOr<std::unique_ptr<Layer>> HostBackend::CreateEmbedding(const EmbeddingSpec& spec,
                                                                    const Shape& input) const {
  return CreateHostEmbedding(spec, input);
}

absl::StatusOr<std::unique_ptr<Layer>> HostBackend::CreateLayerNorm(const LayerNormSpec& spec,
                                                                    const Shape& input) const {
  return CreateHostLayerNorm(spec, input, threads_);
}

absl::StatusOr<std::unique_ptr<Layer>> HostBackend::CreateActivation(const ActivationSpec& spec,
                                                                     const Shape& input) const {
  return CreateHostActivation(spec, input, threads_);
}

absl::StatusOr<std::unique_ptr<Layer>> HostBackend::CreateCausalAttention(const CausalAttentionSpec& spec,
                                                                          const Shape& input) const {
  return CreateHostCausalAttention(spec, input, threads_);
}

absl::StatusOr<std::unique_ptr<Layer>> HostBackend::CreateCrossEntropy(const CrossEntropySpec& spec,
                                                                       const Shape& input) const {
  return CreateHostCrossEntropy(spec, input);
}

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
