// The facts of layers that read images, and of those between images and rows of features.
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "ops/layers/info_checks.h"

namespace baton {
namespace {

absl::Status CheckImage(const std::string& layer, const Shape& input) {
  BATON_RETURN_IF_ERROR(CheckFloatInput(layer, input));
  if (input.rank() == 4) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(layer, ": input ", input.ToString(), " is not [examples, channels, height, width]"));
}

absl::Status CheckChannels(const std::string& layer, const Shape& input, const char* field, int64_t channels) {
  if (input[1] == channels) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(layer, ".", field, ": ", channels,
                                                 " is not the number of channels of the input ", input.ToString()));
}

absl::Status CheckRowsOfFeatures(const std::string& layer, const Shape& input) {
  BATON_RETURN_IF_ERROR(CheckFloatInput(layer, input));
  if (input.rank() == 3) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(layer, ": input ", input.ToString(), " is not [sequences, rows, width]"));
}

// A square window that slides over an image.
struct Window {
  int64_t kernel, stride, padding, most_padding;
};

// The shape behind the window, with `channels`.
absl::StatusOr<Shape> Slide(const std::string& layer, const Window& window, const Shape& input, int64_t channels) {
  BATON_RETURN_IF_ERROR(CheckPositive("kernel", window.kernel));
  BATON_RETURN_IF_ERROR(CheckPositive("stride", window.stride));
  if (window.padding < 0 || window.padding > window.most_padding) {
    return absl::InvalidArgumentError(
        absl::StrCat(layer, ".padding: ", window.padding, " is not in [0, ", window.most_padding, "]"));
  }
  std::vector<int64_t> extents = {input[0], channels};
  for (int axis = 2; axis < 4; ++axis) {
    const int64_t padded = input[axis] + 2 * window.padding;
    if (padded < window.kernel) {
      return absl::InvalidArgumentError(absl::StrCat(layer, ".kernel: ", window.kernel, " is larger than the input ",
                                                     input.ToString(), " with padding ", window.padding));
    }
    extents.push_back((padded - window.kernel) / window.stride + 1);
  }
  return Shape(input.type(), std::move(extents));
}

absl::Status CheckEpsilon(const char* field, double epsilon) {
  if (epsilon > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", epsilon, " is not positive"));
}

// A norm with weight and bias for each channel.
LayerInfo NormInfo(const std::string& name, int64_t channels, const Shape& input) {
  LayerInfo info;
  info.input_shape = input;
  info.output_shape = input;
  const Shape parameter(ParameterType(input.type()), {channels});
  info.parameters.push_back(
      {absl::StrCat(name, ".weight"), parameter, Initializer{Initializer::Kind::kOnes}, /*decays=*/false});
  info.parameters.push_back({absl::StrCat(name, ".bias"), parameter, Initializer{}, /*decays=*/false});
  info.input_use = InputUse::kBackwardInput;
  const double elements = input.NumElements();
  info.flops = {8 * elements, 14 * elements, 0};
  return info;
}

}  // namespace

absl::StatusOr<LayerInfo> ConvolutionInfo(const ConvolutionSpec& spec, const Shape& input) {
  const std::string layer = absl::StrCat("convolution ", spec.name);
  BATON_RETURN_IF_ERROR(CheckPositive("convolution.inputs", spec.inputs));
  BATON_RETURN_IF_ERROR(CheckPositive("convolution.outputs", spec.outputs));
  BATON_RETURN_IF_ERROR(CheckImage(layer, input));
  BATON_RETURN_IF_ERROR(CheckChannels(layer, input, "inputs", spec.inputs));
  LayerInfo info;
  info.input_shape = input;
  BATON_ASSIGN_OR_RETURN(info.output_shape,
                         Slide(layer, {spec.kernel, spec.stride, spec.padding, spec.kernel - 1}, input, spec.outputs));
  const DataType type = ParameterType(input.type());
  info.parameters.push_back({absl::StrCat(spec.name, ".weight"),
                             Shape(type, {spec.outputs, spec.inputs, spec.kernel, spec.kernel}), spec.initializer,
                             /*decays=*/true});
  if (spec.bias) {
    info.parameters.push_back(
        {absl::StrCat(spec.name, ".bias"), Shape(type, {spec.outputs}), Initializer{}, /*decays=*/false});
  }
  info.input_use = InputUse::kBackwardWeight;
  info.weight_needs_grad_output = true;
  BATON_ASSIGN_OR_RETURN(info, CheckSizes(layer, std::move(info)));
  const double products = 2.0 * info.output_shape.NumElements() * spec.inputs * spec.kernel * spec.kernel;
  info.flops = {products, products, products};
  return info;
}

absl::StatusOr<LayerInfo> GroupNormInfo(const GroupNormSpec& spec, const Shape& input) {
  const std::string layer = absl::StrCat("group norm ", spec.name);
  BATON_RETURN_IF_ERROR(CheckPositive("group_norm.channels", spec.channels));
  BATON_RETURN_IF_ERROR(CheckPositive("group_norm.groups", spec.groups));
  BATON_RETURN_IF_ERROR(CheckEpsilon("group_norm.epsilon", spec.epsilon));
  BATON_RETURN_IF_ERROR(CheckImage(layer, input));
  BATON_RETURN_IF_ERROR(CheckChannels(layer, input, "channels", spec.channels));
  if (spec.channels % spec.groups != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("group_norm.groups: ", spec.groups, " does not divide channels: ", spec.channels));
  }
  return NormInfo(spec.name, spec.channels, input);
}

absl::StatusOr<LayerInfo> BatchNormInfo(const BatchNormSpec& spec, const Shape& input) {
  const std::string layer = absl::StrCat("batch norm ", spec.name);
  BATON_RETURN_IF_ERROR(CheckPositive("batch_norm.channels", spec.channels));
  BATON_RETURN_IF_ERROR(CheckEpsilon("batch_norm.epsilon", spec.epsilon));
  BATON_RETURN_IF_ERROR(CheckImage(layer, input));
  BATON_RETURN_IF_ERROR(CheckChannels(layer, input, "channels", spec.channels));
  LayerInfo info = NormInfo(spec.name, spec.channels, input);
  const Shape statistic(ParameterType(input.type()), {spec.channels});
  info.parameters.push_back({absl::StrCat(spec.name, ".running_mean"), statistic, Initializer{}, /*decays=*/false,
                             /*is_statistic=*/true});
  info.parameters.push_back({absl::StrCat(spec.name, ".running_var"), statistic, Initializer{Initializer::Kind::kOnes},
                             /*decays=*/false, /*is_statistic=*/true});
  return info;
}

absl::StatusOr<LayerInfo> PoolInfo(const PoolSpec& spec, const Shape& input) {
  BATON_RETURN_IF_ERROR(CheckImage("pooling", input));
  LayerInfo info;
  info.input_shape = input;
  BATON_ASSIGN_OR_RETURN(info.output_shape,
                         Slide("pooling", {spec.kernel, spec.stride, spec.padding, spec.kernel / 2}, input, input[1]));
  const double elements = static_cast<double>(info.output_shape.NumElements()) * spec.kernel * spec.kernel;
  info.flops = {elements, elements, 0};
  return CheckSizes("pooling", std::move(info));
}

absl::StatusOr<LayerInfo> GlobalAverageInfo(const GlobalAverageSpec& spec, const Shape& input) {
  if (input.rank() == 3) {
    BATON_RETURN_IF_ERROR(CheckRowsOfFeatures("global average", input));
  } else {
    BATON_RETURN_IF_ERROR(CheckImage("global average", input));
  }
  LayerInfo info;
  info.input_shape = input;
  info.output_shape = Shape(input.type(), {input[0], input.rank() == 3 ? input[2] : input[1]});
  const double elements = input.NumElements();
  info.flops = {elements, elements, 0};
  return info;
}

absl::StatusOr<LayerInfo> PatchesInfo(const PatchesSpec& spec, const Shape& input) {
  BATON_RETURN_IF_ERROR(CheckPositive("patches.edge", spec.edge));
  BATON_RETURN_IF_ERROR(CheckImage("patches", input));
  if (input[2] % spec.edge != 0 || input[3] % spec.edge != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("patches.edge: ", spec.edge, " does not divide height and width of the input ", input.ToString()));
  }
  LayerInfo info;
  info.input_shape = input;
  info.output_shape = Shape(
      input.type(), {input[0], (input[2] / spec.edge) * (input[3] / spec.edge), input[1] * spec.edge * spec.edge});
  return info;
}

absl::StatusOr<LayerInfo> PositionsInfo(const PositionsSpec& spec, const Shape& input) {
  BATON_RETURN_IF_ERROR(CheckRowsOfFeatures("positions", input));
  LayerInfo info;
  info.input_shape = input;
  info.output_shape = Shape(input.type(), {input[0], input[1] + (spec.class_token ? 1 : 0), input[2]});
  const DataType type = ParameterType(input.type());
  info.parameters.push_back({absl::StrCat(spec.name, ".positions"), Shape(type, {info.output_shape[1], input[2]}),
                             spec.initializer, /*decays=*/true});
  if (spec.class_token) {
    info.parameters.push_back(
        {absl::StrCat(spec.name, ".class_token"), Shape(type, {1, input[2]}), spec.initializer, /*decays=*/true});
  }
  info.weight_needs_grad_output = true;
  const double elements = info.output_shape.NumElements();
  info.flops = {elements, 0, elements};
  return CheckSizes("positions", std::move(info));
}

absl::StatusOr<LayerInfo> FirstRowInfo(const FirstRowSpec& spec, const Shape& input) {
  BATON_RETURN_IF_ERROR(CheckRowsOfFeatures("first row", input));
  LayerInfo info;
  info.input_shape = input;
  info.output_shape = Shape(input.type(), {input[0], input[2]});
  return info;
}

absl::StatusOr<LayerInfo> ColumnsInfo(const ColumnsSpec& spec, const Shape& input) {
  BATON_RETURN_IF_ERROR(CheckFloatInput("columns", input));
  if (spec.begin < 0 || spec.end <= spec.begin || spec.end > input.extents().back()) {
    return absl::InvalidArgumentError(absl::StrCat("columns: [", spec.begin, ", ", spec.end,
                                                   ") are not within the last extent of ", input.ToString()));
  }
  LayerInfo info;
  info.input_shape = input;
  info.output_shape = WithLastExtent(input, spec.end - spec.begin);
  const double elements = static_cast<double>(info.output_shape.NumElements());
  info.flops = {elements, elements, 0};
  return info;
}

}  // namespace baton
