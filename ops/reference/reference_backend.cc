// The reference's table of layers, in float and double, and its loops over whole tensors.
#include "ops/reference/reference_backend.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "ops/optimizer/loop_optimizer.h"
#include "ops/reference/activation.h"
#include "ops/reference/attention.h"
#include "ops/reference/cross_entropy.h"
#include "ops/reference/embedding.h"
#include "ops/reference/layer_norm.h"
#include "ops/reference/linear.h"

namespace baton {
namespace {

template <template <typename> class LayerOf, typename Spec>
std::unique_ptr<Layer> Make(DataType type, LayerInfo info, const Spec& spec) {
  if (type == DataType::kFloat64) return std::make_unique<LayerOf<double>>(std::move(info), spec);
  return std::make_unique<LayerOf<float>>(std::move(info), spec);
}

template <typename T>
void AddElements(int64_t count, const std::byte* a, const std::byte* b, std::byte* sum) {
  for (int64_t i = 0; i < count; ++i) {
    reinterpret_cast<T*>(sum)[i] = reinterpret_cast<const T*>(a)[i] + reinterpret_cast<const T*>(b)[i];
  }
}

double SquaredNorm(int64_t num_elements, const float* values) {
  double sum = 0;
  for (int64_t i = 0; i < num_elements; ++i) sum += static_cast<double>(values[i]) * values[i];
  return sum;
}

// In double, by the paper's formulas, independent of ops/optimizer/adamw.h.
void AdamW(const OptimizedParameter& parameter, const UpdateControl& control, double gradient_scale) {
  const double weight_decay = parameter.decays ? control.weight_decay : 0.0;
  float* values = reinterpret_cast<float*>(parameter.values);
  float* gradients = reinterpret_cast<float*>(parameter.gradients);
  float* first_moment = reinterpret_cast<float*>(parameter.first_moment);
  float* second_moment = reinterpret_cast<float*>(parameter.second_moment);
  const double correction1 = 1 - std::pow(control.beta1, control.step);
  const double correction2 = 1 - std::pow(control.beta2, control.step);
  for (int64_t i = 0; i < parameter.num_elements; ++i) {
    const double g = gradient_scale * gradients[i];
    const double m = control.beta1 * first_moment[i] + (1 - control.beta1) * g;
    const double v = control.beta2 * second_moment[i] + (1 - control.beta2) * g * g;
    const double update = m / correction1 / (std::sqrt(v / correction2) + control.epsilon);
    values[i] = static_cast<float>(values[i] - control.learning_rate * (update + weight_decay * values[i]));
    first_moment[i] = static_cast<float>(m);
    second_moment[i] = static_cast<float>(v);
    gradients[i] = 0;
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> ReferenceBackend::CreateLinear(const LinearSpec& spec,
                                                                      const Shape& input) const {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, LinearInfo(spec, input));
  return Make<ReferenceLinear>(input.type(), std::move(info), spec);
}

absl::StatusOr<std::unique_ptr<Layer>> ReferenceBackend::CreateEmbedding(const EmbeddingSpec& spec,
                                                                         const Shape& input) const {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, EmbeddingInfo(spec, input, embedding_type_));
  return Make<ReferenceEmbedding>(embedding_type_, std::move(info), spec);
}

absl::StatusOr<std::unique_ptr<Layer>> ReferenceBackend::CreateLayerNorm(const LayerNormSpec& spec,
                                                                         const Shape& input) const {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, LayerNormInfo(spec, input));
  return Make<ReferenceLayerNorm>(input.type(), std::move(info), spec);
}

absl::StatusOr<std::unique_ptr<Layer>> ReferenceBackend::CreateActivation(const ActivationSpec& spec,
                                                                          const Shape& input) const {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, ActivationInfo(spec, input));
  return Make<ReferenceActivation>(input.type(), std::move(info), spec);
}

absl::StatusOr<std::unique_ptr<Layer>> ReferenceBackend::CreateAttention(const AttentionSpec& spec,
                                                                               const Shape& input) const {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, AttentionInfo(spec, input));
  return Make<ReferenceAttention>(input.type(), std::move(info), spec);
}

absl::StatusOr<std::unique_ptr<Layer>> ReferenceBackend::CreateCrossEntropy(const CrossEntropySpec& spec,
                                                                            const Shape& input) const {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, CrossEntropyInfo(spec, input));
  return Make<ReferenceCrossEntropy>(input.type(), std::move(info), spec);
}

absl::Status ReferenceBackend::Add(KernelStream stream, const Shape& shape, const std::byte* a, const std::byte* b,
                                   std::byte* sum) const {
  if (shape.type() == DataType::kFloat64) {
    AddElements<double>(shape.NumElements(), a, b, sum);
  } else if (shape.type() == DataType::kFloat32) {
    AddElements<float>(shape.NumElements(), a, b, sum);
  } else {
    return absl::InvalidArgumentError(absl::StrCat("add: ", shape.ToString(), " is not floating-point"));
  }
  return absl::OkStatus();
}

std::unique_ptr<Optimizer> ReferenceBackend::CreateOptimizer(std::vector<OptimizedParameter> parameters) const {
  return MakeLoopOptimizer({SquaredNorm, AdamW}, std::move(parameters));
}

}  // namespace baton
