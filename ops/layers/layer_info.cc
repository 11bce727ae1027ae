// The facts of layers with parameters and of the loss.
#include "ops/layers/layer_info.h"

#include <limits>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "ops/layers/info_checks.h"

namespace baton {
int64_t NumRows(const Shape& shape) { return shape.empty() ? 0 : shape.NumElements() / shape.extents().back(); }

absl::StatusOr<LayerInfo> LinearInfo(const LinearSpec& spec, const Shape& input) {
  const std::string layer = absl::StrCat("linear ", spec.name);
  BATON_RETURN_IF_ERROR(CheckPositive("linear.inputs", spec.inputs));
  BATON_RETURN_IF_ERROR(CheckPositive("linear.outputs", spec.outputs));
  BATON_RETURN_IF_ERROR(CheckFloatInput(layer, input));
  BATON_RETURN_IF_ERROR(CheckLastExtent(layer, input, "inputs", spec.inputs));
  if (spec.slice.axis > 1) {
    return absl::InvalidArgumentError(absl::StrCat(layer, ": slice.axis: ", spec.slice.axis, " is neither 0 nor 1"));
  }
  BATON_RETURN_IF_ERROR(
      CheckSlice(absl::StrCat(layer, ": slice"), spec.slice, spec.slice.axis == 0 ? spec.outputs : spec.inputs));
  LayerInfo info;
  info.input_shape = input;
  info.output_shape = WithLastExtent(input, spec.outputs);
  info.parameters.push_back({spec.weight_name.empty() ? absl::StrCat(spec.name, ".weight") : spec.weight_name,
                             Shape(ParameterType(input.type()), {spec.outputs, spec.inputs}), spec.initializer,
                             /*decays=*/true});
  info.parameters.back().slice = spec.slice;
  if (spec.bias) {
    info.parameters.push_back({absl::StrCat(spec.name, ".bias"), Shape(ParameterType(input.type()), {spec.outputs}),
                               Initializer{},
                               /*decays=*/false});
    if (spec.slice.axis == 0) info.parameters.back().slice = spec.slice;
  }
  info.input_use = InputUse::kBackwardWeight;
  info.weight_needs_grad_output = true;
  const double product = 2.0 * NumRows(input) * spec.inputs * spec.outputs;
  info.flops = {product, product, product};
  return CheckSizes(layer, std::move(info));
}

absl::StatusOr<LayerInfo> FeedForwardInfo(const LinearSpec& first, ActivationKind activation, const LinearSpec& second,
                                          const Shape& input) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, LinearInfo(first, input));
  const Shape hidden = info.output_shape;
  BATON_ASSIGN_OR_RETURN(const LayerInfo between, ActivationInfo({activation}, hidden));
  BATON_ASSIGN_OR_RETURN(const LayerInfo last, LinearInfo(second, hidden));
  info.output_shape = last.output_shape;
  info.parameters.insert(info.parameters.end(), last.parameters.begin(), last.parameters.end());
  for (const LayerFlops& flops : {between.flops, last.flops}) {
    info.flops.forward += flops.forward;
    info.flops.backward_input += flops.backward_input;
    info.flops.backward_weight += flops.backward_weight;
  }
  return info;
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
  const int64_t rows = spec.slice.IsWhole() ? spec.vocabulary : spec.slice.NumIndices();
  BATON_RETURN_IF_ERROR(CheckSlice("embedding.slice", spec.slice, rows));
  if (!spec.slice.IsWhole() &&
      (spec.slice.axis != 0 || spec.slice.ranges.size() != 1 || spec.slice.whole != spec.vocabulary)) {
    return absl::InvalidArgumentError(absl::StrCat("embedding.slice: ", spec.slice.ToString(),
                                                   " is not one range of the ", spec.vocabulary, " rows of tokens"));
  }
  LayerInfo info;
  info.input_shape = input;
  info.output_shape = Shape(type, {input[0], input[1], spec.width});
  info.parameters.push_back({absl::StrCat(spec.token_name, ".weight"), Shape(ParameterType(type), {rows, spec.width}),
                             spec.initializer,
                             /*decays=*/true});
  info.parameters.back().slice = spec.slice;
  if (!spec.position_name.empty()) {
    info.parameters.push_back({absl::StrCat(spec.position_name, ".weight"),
                               Shape(ParameterType(type), {spec.context, spec.width}), spec.initializer,
                               /*decays=*/true});
  }
  if (!spec.segment_name.empty()) {
    BATON_RETURN_IF_ERROR(CheckPositive("embedding.segments", spec.segments));
    info.parameters.push_back({absl::StrCat(spec.segment_name, ".weight"),
                               Shape(ParameterType(type), {spec.segments, spec.width}), spec.initializer,
                               /*decays=*/true});
    if (spec.segments > std::numeric_limits<int32_t>::max() / spec.vocabulary) {
      return absl::InvalidArgumentError(absl::StrCat("embedding.segments: ", spec.segments, " segments of ",
                                                     spec.vocabulary, " tokens have no ids of 31 bits"));
    }
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

absl::StatusOr<LayerInfo> RmsNormInfo(const RmsNormSpec& spec, const Shape& input) {
  const std::string layer = absl::StrCat("RMS norm ", spec.name);
  BATON_RETURN_IF_ERROR(CheckPositive("rms_norm.width", spec.width));
  BATON_RETURN_IF_ERROR(CheckPositive("rms_norm.runs", spec.runs));
  if (!(spec.epsilon > 0)) {
    return absl::InvalidArgumentError(absl::StrCat("rms_norm.epsilon: ", spec.epsilon, " is not positive"));
  }
  const int64_t row = spec.row == 0 ? spec.width : spec.row;
  BATON_RETURN_IF_ERROR(CheckFloatInput(layer, input));
  BATON_RETURN_IF_ERROR(CheckLastExtent(layer, input, "row", row));
  if (spec.begin < 0 || spec.width > row || spec.runs > row / spec.width || spec.begin > row - spec.runs * spec.width) {
    return absl::InvalidArgumentError(absl::StrCat(layer, ": ", spec.runs, " runs of ", spec.width, " from feature ",
                                                   spec.begin, " on are not within a row of ", row));
  }
  LayerInfo info;
  info.input_shape = input;
  info.output_shape = input;
  info.parameters.push_back({absl::StrCat(spec.name, ".weight"), Shape(ParameterType(input.type()), {spec.width}),
                             Initializer{Initializer::Kind::kOnes}, /*decays=*/false});
  info.input_use = InputUse::kBackwardInput;
  const double elements = static_cast<double>(NumRows(input)) * spec.runs * spec.width;
  info.flops = {4 * elements, 9 * elements, 0};
  return info;
}

absl::StatusOr<LayerInfo> CrossEntropyInfo(const CrossEntropySpec& spec, const Shape& input) {
  BATON_RETURN_IF_ERROR(CheckPositive("cross_entropy.classes", spec.classes));
  BATON_RETURN_IF_ERROR(CheckPositive("cross_entropy.loss_rows", spec.loss_rows));
  if (!(spec.z_loss >= 0)) {
    return absl::InvalidArgumentError(absl::StrCat("cross_entropy.z_loss: ", spec.z_loss, " is negative"));
  }
  BATON_RETURN_IF_ERROR(CheckFloatInput("cross_entropy", input));
  BATON_RETURN_IF_ERROR(CheckLastExtent("cross_entropy", input, "classes", spec.classes));
  BATON_RETURN_IF_ERROR(CheckSlice("cross_entropy.slice", spec.slice, spec.classes));
  if (spec.slice.ranges.size() > 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("cross_entropy.slice: ", spec.slice.ToString(), " is not one range of classes"));
  }
  LayerInfo info;
  info.input_shape = input;
  info.output_shape = Shape();
  info.input_use = InputUse::kBackwardInput;
  const double elements = input.NumElements();
  info.flops = {8 * elements, 8 * elements, 0};
  return info;
}

}  // namespace baton
