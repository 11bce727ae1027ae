// The reference's table of layers, in float and double, and its loops over whole tensors.
#include "ops/reference/reference_backend.h"

#include <cmath>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "ops/optimizer/loop_optimizer.h"
#include "ops/optimizer/stochastic_rounding.h"
#include "ops/optimizer/tree_sum.h"
#include "ops/reference/activation.h"
#include "ops/reference/attention.h"
#include "ops/reference/convolution.h"
#include "ops/reference/cross_entropy.h"
#include "ops/reference/dropout.h"
#include "ops/reference/embedding.h"
#include "ops/reference/gate.h"
#include "ops/reference/image_norm.h"
#include "ops/reference/layer_norm.h"
#include "ops/reference/linear.h"
#include "ops/reference/pool.h"
#include "ops/reference/rms_norm.h"
#include "ops/reference/rotary.h"
#include "ops/reference/rows.h"
#include "ops/reference/sliced_cross_entropy.h"

namespace baton {
namespace {

// Makes the layer in the type of its input, or of its output if the input has ids.
template <template <typename> class LayerOf, typename Spec>
absl::StatusOr<std::unique_ptr<Layer>> Make(absl::StatusOr<LayerInfo> info, const Spec& spec) {
  if (!info.ok()) return info.status();
  const bool ids = info->input_shape.type() == DataType::kInt32;
  const DataType type = ids ? info->output_shape.type() : info->input_shape.type();
  if (type == DataType::kFloat64) return std::make_unique<LayerOf<double>>(*std::move(info), spec);
  return std::make_unique<LayerOf<float>>(*std::move(info), spec);
}

// The table of layers: one row a kind.
struct Maker {
  using Result = absl::StatusOr<std::unique_ptr<Layer>>;
  const Shape& input;
  const DataType embedding_type;

  Result operator()(const LinearSpec& spec) const { return Make<ReferenceLinear>(LinearInfo(spec, input), spec); }
  Result operator()(const EmbeddingSpec& spec) const {
    return Make<ReferenceEmbedding>(EmbeddingInfo(spec, input, embedding_type), spec);
  }
  Result operator()(const LayerNormSpec& spec) const {
    return Make<ReferenceLayerNorm>(LayerNormInfo(spec, input), spec);
  }
  Result operator()(const RmsNormSpec& spec) const { return Make<ReferenceRmsNorm>(RmsNormInfo(spec, input), spec); }
  Result operator()(const ActivationSpec& spec) const {
    return Make<ReferenceActivation>(ActivationInfo(spec, input), spec);
  }
  Result operator()(const GateSpec& spec) const { return Make<ReferenceGate>(GateInfo(spec, input), spec); }
  Result operator()(const RotarySpec& spec) const { return Make<ReferenceRotary>(RotaryInfo(spec, input), spec); }
  Result operator()(const AttentionSpec& spec) const {
    return Make<ReferenceAttention>(AttentionInfo(spec, input), spec);
  }
  Result operator()(const DropoutSpec& spec) const { return Make<ReferenceDropout>(DropoutInfo(spec, input), spec); }
  Result operator()(const ConvolutionSpec& spec) const {
    return Make<ReferenceConvolution>(ConvolutionInfo(spec, input), spec);
  }
  Result operator()(const GroupNormSpec& spec) const {
    return Make<ReferenceImageNorm>(GroupNormInfo(spec, input), spec);
  }
  Result operator()(const BatchNormSpec& spec) const {
    return Make<ReferenceImageNorm>(BatchNormInfo(spec, input), spec);
  }
  Result operator()(const PoolSpec& spec) const { return Make<ReferencePool>(PoolInfo(spec, input), spec); }
  Result operator()(const GlobalAverageSpec& spec) const {
    return Make<ReferenceGlobalAverage>(GlobalAverageInfo(spec, input), spec);
  }
  Result operator()(const PatchesSpec& spec) const { return Make<ReferencePatches>(PatchesInfo(spec, input), spec); }
  Result operator()(const PositionsSpec& spec) const {
    return Make<ReferencePositions>(PositionsInfo(spec, input), spec);
  }
  Result operator()(const FirstRowSpec& spec) const { return Make<ReferenceFirstRow>(FirstRowInfo(spec, input), spec); }
  Result operator()(const ColumnsSpec& spec) const { return Make<ReferenceColumns>(ColumnsInfo(spec, input), spec); }
  Result operator()(const CrossEntropySpec& spec) const {
    if (!spec.slice.IsWhole()) return Make<ReferenceSlicedCrossEntropy>(CrossEntropyInfo(spec, input), spec);
    return Make<ReferenceCrossEntropy>(CrossEntropyInfo(spec, input), spec);
  }
  template <typename Other>
  Result operator()(const Other&) const {
    return NoSuchLayer("reference", Other::kKind);
  }
};

template <typename T>
void AddElements(int64_t count, const std::byte* a, const std::byte* b, std::byte* sum) {
  for (int64_t i = 0; i < count; ++i) {
    reinterpret_cast<T*>(sum)[i] = reinterpret_cast<const T*>(a)[i] + reinterpret_cast<const T*>(b)[i];
  }
}

// The tree of ops/optimizer/tree_sum.h, by its definition.
double SquaredNorm(int64_t num_elements, const float* values) {
  if (num_elements > kNormLeaf) {
    int64_t left = kNormLeaf;
    while (2 * left < num_elements) left *= 2;
    return SquaredNorm(left, values) + SquaredNorm(num_elements - left, values + left);
  }
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
  if (parameter.rounds) RoundElements(parameter, control, 0, parameter.num_elements);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> ReferenceBackend::Create(const LayerSpec& spec, const Shape& input) const {
  return std::visit(Maker{input, embedding_type_}, spec.kind);
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
