// The checks, shapes, parameters and FLOPs of each primitive layer.
#include "ops/layers/layer_info.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"

namespace baton {
namespace {

absl::Status CheckPositive(const char* field, int64_t value) {
  if (value > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", value, " is not positive"));
}

// Errors: InvalidArgument for more than 2³⁵ elements, so that products and sums of sizes stay within 63 bits. Computed
// in double, which does not overflow.
absl::Status CheckNumElements(const std::string& what, const std::vector<int64_t>& extents) {
  constexpr double kLargest = 34359738368.0;  // 2³⁵: 128 GiB of floats
  double product = 1;
  for (int64_t extent : extents) product *= static_cast<double>(extent);
  if (product <= kLargest) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(what, ": ", absl::StrJoin(extents, " x "),
                                                 " elements are more than one tensor may have, 34359738368"));
}

// Checks the sizes of the output and of the parameters.
absl::StatusOr<LayerInfo> CheckSizes(const std::string& layer, LayerInfo info) {
  BATON_RETURN_IF_ERROR(CheckNumElements(layer + " output", info.output_shape.extents()));
  for (const ParameterSpec& parameter : info.parameters) {
    BATON_RETURN_IF_ERROR(CheckNumElements(parameter.name, parameter.shape.extents()));
  }
  return info;
}

// Checks the input of any layer except the embedding.
absl::Status CheckFloatInput(const std::string& layer, const Shape& input) {
  BATON_RETURN_IF_ERROR(CheckNumElements(layer + " input", input.extents()));
  if (input.type() == DataType::kInt32) {
    return absl::InvalidArgumentError(absl::StrCat(layer, ": input ", input.ToString(), " is not floating-point"));
  }
  if (input.NumElements() <= 0) {
    return absl::InvalidArgumentError(absl::StrCat(layer, ": input ", input.ToString(), " has no elements"));
  }
  return absl::OkStatus();
}

absl::Status CheckLastExtent(const std::string& layer, const Shape& input, const char* field, int64_t expected) {
  if (input.extents().back() == expected) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(layer, ".", field, ": ", expected, " is not the last extent of the input ", input.ToString()));
}

// The type of parameters' values: f32 if layers compute in bf16.
DataType ParameterType(DataType type) { return type == DataType::kBFloat16 ? DataType::kFloat32 : type; }

Shape WithLastExtent(const Shape& shape, int64_t extent) {
  std::vector<int64_t> extents = shape.extents();
  extents.back() = extent;
  return Shape(shape.type(), std::move(extents));
}

}  // namespace

int64_t NumRows(const Shape& shape) { return shape.empty() ? 0 : shape.NumElements() / shape.extents().back(); }

absl::StatusOr<LayerInfo> LinearInfo(const LinearSpec& spec, const Shape& input) {
  const std::string layer = absl::StrCat("linear ", spec.name);
  BATON_RETURN_IF_ERROR(CheckPositive("linear.inputs", spec.inputs));
  BATON_RETURN_IF_ERROR(CheckPositive("linear.outputs", spec.outputs));
  BATON_RETURN_IF_ERROR(CheckFloatInput(layer, input));
  BATON_RETURN_IF_ERROR(CheckLastExtent(layer, input, "inputs", spec.inputs));
  LayerInfo info;
  info.input_shape = input;
  info.output_shape = WithLastExtent(input, spec.outputs);
  info.parameters.push_back({spec.weight_name.empty() ? absl::StrCat(spec.name, ".weight") : spec.weight_name,
                             Shape(ParameterType(input.type()), {spec.outputs, spec.inputs}), spec.initializer,
                             /*decays=*/true});
  if (spec.bias) {
    info.parameters.push_back({absl::StrCat(spec.name, ".bias"), Shape(ParameterType(input.type()), {spec.outputs}),
                               Initializer{},
                               /*decays=*/false});
  }
  info.input_use = InputUse::kBackwardWeight;
  info.weight_needs_grad_output = true;
  const double product = 2.0 * NumRows(input) * spec.inputs * spec.outputs;
  info.flops = {product, product, product};
  return CheckSizes(layer, std::move(info));
}

absl::StatusOr<LayerInfo> EmbeddingInfo(const EmbeddingSpec& spec, const Shape& input, DataType type) {
  BATON_RETURN_IF_ERROR(CheckPositive("embedding.vocabulary", spec.vocabulary));
  BATON_RETURN_IF_ERROR(CheckPositive("embedding.width", spec.width));
  if (!spec.position_name.empty()) BATON_RETURN_IF_ERROR(CheckPositive("embedding.context", spec.context));
  BATON_RETURN_IF_ERROR(CheckNumElements("embedding input", input.extents()));
  if (input.type() != DataType::kInt32 || input.rank() != 2 || input.NumElements() <= 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("embedding: input ", input.ToString(), " is not [sequences, context] i32"));
  }
  if (!spec.position_name.empty() && input[1] > spec.context) {
    return absl::InvalidArgumentError(
        absl::StrCat("embedding.context: ", spec.context, " is less than the input's, ", input.ToString()));
  }
  LayerInfo info;
  info.input_shape = input;
  info.output_shape = Shape(type, {input[0], input[1], spec.width});
  info.parameters.push_back({absl::StrCat(spec.token_name, ".weight"),
                             Shape(ParameterType(type), {spec.vocabulary, spec.width}), spec.initializer,
                             /*decays=*/true});
  if (!spec.position_name.empty()) {
    info.parameters.push_back({absl::StrCat(spec.position_name, ".weight"),
                               Shape(ParameterType(type), {spec.context, spec.width}), spec.initializer,
                               /*decays=*/true});
  }
  info.input_use = InputUse::kBackwardWeight;
  info.weight_needs_grad_output = true;
  BATON_ASSIGN_OR_RETURN(info, CheckSizes("embedding", std::move(info)));
  const double elements = info.output_shape.NumElements();
  info.flops = {elements, 0, 2 * elements};
  return info;
}

absl::StatusOr<LayerInfo> LayerNormInfo(const LayerNormSpec& spec, const Shape& input) {
  const std::string layer = absl::StrCat("layer norm ", spec.name);
  BATON_RETURN_IF_ERROR(CheckPositive("layer_norm.width", spec.width));
  if (!(spec.epsilon > 0)) {
    return absl::InvalidArgumentError(absl::StrCat("layer_norm.epsilon: ", spec.epsilon, " is not positive"));
  }
  BATON_RETURN_IF_ERROR(CheckFloatInput(layer, input));
  BATON_RETURN_IF_ERROR(CheckLastExtent(layer, input, "width", spec.width));
  LayerInfo info;
  info.input_shape = input;
  info.output_shape = input;
  const Shape parameter(ParameterType(input.type()), {spec.width});
  info.parameters.push_back(
      {absl::StrCat(spec.name, ".weight"), parameter, Initializer{Initializer::Kind::kOnes}, /*decays=*/false});
  info.parameters.push_back({absl::StrCat(spec.name, ".bias"), parameter, Initializer{}, /*decays=*/false});
  info.input_use = InputUse::kBackwardInput;
  info.weight_needs_grad_output = false;
  const double elements = input.NumElements();
  info.flops = {8 * elements, 14 * elements, 0};
  return info;
}

absl::StatusOr<LayerInfo> ActivationInfo(const ActivationSpec& spec, const Shape& input) {
  BATON_RETURN_IF_ERROR(CheckFloatInput("activation", input));
  LayerInfo info;
  info.input_shape = input;
  info.output_shape = input;
  info.input_use = InputUse::kBackwardInput;
  const double elements = input.NumElements();
  info.flops = spec.kind == ActivationKind::kRelu ? LayerFlops{elements, elements, 0}
                                                  : LayerFlops{16 * elements, 24 * elements, 0};
  return info;
}

absl::StatusOr<LayerInfo> AttentionInfo(const AttentionSpec& spec, const Shape& input) {
  BATON_RETURN_IF_ERROR(CheckPositive("attention.heads", spec.heads));
  BATON_RETURN_IF_ERROR(CheckPositive("attention.width", spec.width));
  if (spec.width % spec.heads != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("attention.heads: ", spec.heads, " does not divide width: ", spec.width));
  }
  BATON_RETURN_IF_ERROR(CheckFloatInput("attention", input));
  if (input.rank() != 3 || input[2] != 3 * spec.width) {
    return absl::InvalidArgumentError(absl::StrCat("attention: input ", input.ToString(),
                                                   " is not [sequences, context, 3 * width = ", 3 * spec.width, "]"));
  }
  BATON_RETURN_IF_ERROR(CheckNumElements("attention probabilities", {input[0], spec.heads, input[1], input[1]}));
  LayerInfo info;
  info.input_shape = input;
  info.output_shape = WithLastExtent(input, spec.width);
  info.input_use = InputUse::kBackwardInput;
  const double context = input[1];
  const double pairs = static_cast<double>(input[0]) * context * (context + 1) / 2;
  // Two products forward and four backward, each with a multiply-add for each pair and channel.
  info.flops = {4 * pairs * spec.width, 8 * pairs * spec.width, 0};
  return info;
}

absl::StatusOr<LayerInfo> CrossEntropyInfo(const CrossEntropySpec& spec, const Shape& input) {
  BATON_RETURN_IF_ERROR(CheckPositive("cross_entropy.classes", spec.classes));
  BATON_RETURN_IF_ERROR(CheckPositive("cross_entropy.loss_rows", spec.loss_rows));
  BATON_RETURN_IF_ERROR(CheckFloatInput("cross_entropy", input));
  BATON_RETURN_IF_ERROR(CheckLastExtent("cross_entropy", input, "classes", spec.classes));
  LayerInfo info;
  info.input_shape = input;
  info.output_shape = Shape();
  info.input_use = InputUse::kBackwardInput;
  const double elements = input.NumElements();
  info.flops = {8 * elements, 8 * elements, 0};
  return info;
}

}  // namespace baton
