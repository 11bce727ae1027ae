// The facts of layers without parameters: activations, gates, rotary positions, attention and dropout.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "ops/layers/info_checks.h"

namespace baton {
namespace {

absl::Status CheckHeads(const AttentionSpec& spec) {
  BATON_RETURN_IF_ERROR(CheckPositive("attention.heads", spec.heads));
  BATON_RETURN_IF_ERROR(CheckPositive("attention.width", spec.width));
  if (spec.width % spec.heads != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("attention.heads: ", spec.heads, " does not divide width: ", spec.width));
  }
  if (spec.key_value_heads < 0 || spec.heads % spec.KeyValueHeads() != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("attention.key_value_heads: ", spec.key_value_heads, " does not divide heads: ", spec.heads));
  }
  if (spec.window < 0 || (spec.window > 0 && !spec.causal)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "attention.window: ", spec.window, spec.causal ? " is negative" : " is given, but attention is not causal"));
  }
  if (!(spec.dropout >= 0 && spec.dropout < 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("attention.dropout: ", spec.dropout, " must be at least 0 and below 1"));
  }
  return absl::OkStatus();
}

// The pairs of a query and a key that it sees, in one sequence.
double NumPairs(const AttentionSpec& spec, double context) {
  if (!spec.causal) return context * context;
  const double window = spec.window == 0 ? context : std::min(context, static_cast<double>(spec.window));
  return window * (window + 1) / 2 + (context - window) * window;
}

}  // namespace

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

absl::StatusOr<LayerInfo> GateInfo(const GateSpec& spec, const Shape& input) {
  BATON_RETURN_IF_ERROR(CheckFloatInput("gate", input));
  const int64_t row = input.extents().back();
  if (row % 2 != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("gate: the last extent of the input ", input.ToString(), " is not even"));
  }
  LayerInfo info;
  info.input_shape = input;
  info.output_shape = WithLastExtent(input, row / 2);
  info.input_use = InputUse::kBackwardInput;
  const double elements = info.output_shape.NumElements();
  info.flops = spec.kind == ActivationKind::kRelu ? LayerFlops{2 * elements, 3 * elements, 0}
                                                  : LayerFlops{17 * elements, 27 * elements, 0};
  return info;
}

absl::StatusOr<LayerInfo> RotaryInfo(const RotarySpec& spec, const Shape& input) {
  BATON_RETURN_IF_ERROR(CheckPositive("rotary.heads", spec.heads));
  BATON_RETURN_IF_ERROR(CheckPositive("rotary.width", spec.width));
  if (spec.width % 2 != 0) {
    return absl::InvalidArgumentError(absl::StrCat("rotary.width: ", spec.width, " is not even"));
  }
  const RotaryFrequencies& frequencies = spec.frequencies;
  if (!(frequencies.base > 1) || !(frequencies.factor >= 1) || !(frequencies.context > 0) ||
      !(frequencies.magnitude > 0) || !(frequencies.low_frequency > 0) ||
      !(frequencies.high_frequency > frequencies.low_frequency)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "rotary.frequencies: base ", frequencies.base, ", factor ", frequencies.factor, ", low_frequency ",
        frequencies.low_frequency, ", high_frequency ", frequencies.high_frequency, ", context ", frequencies.context,
        ", magnitude ", frequencies.magnitude,
        ": the base must be above 1, the factor at least 1, context and magnitude positive, and 0 < low_frequency < "
        "high_frequency"));
  }
  BATON_RETURN_IF_ERROR(CheckFloatInput("rotary", input));
  if (input.rank() != 3 || spec.heads > input[2] / spec.width) {
    return absl::InvalidArgumentError(absl::StrCat("rotary: input ", input.ToString(),
                                                   " is not [sequences, context, at least heads * width = ", spec.heads,
                                                   " * ", spec.width, "]"));
  }
  LayerInfo info;
  info.input_shape = input;
  info.output_shape = input;
  const double turned = static_cast<double>(NumRows(input)) * spec.heads * spec.width;
  info.flops = {3 * turned, 3 * turned, 0};
  return info;
}

absl::StatusOr<LayerInfo> AttentionInfo(const AttentionSpec& spec, const Shape& input) {
  BATON_RETURN_IF_ERROR(CheckHeads(spec));
  BATON_RETURN_IF_ERROR(CheckFloatInput("attention", input));
  if (input.rank() != 3 || input[2] != spec.RowWidth()) {
    return absl::InvalidArgumentError(
        absl::StrCat("attention: input ", input.ToString(),
                     " is not [sequences, context, width + 2 * key width = ", spec.RowWidth(), "]"));
  }
  BATON_RETURN_IF_ERROR(CheckNumElements("attention probabilities", {input[0], spec.heads, input[1], input[1]}));
  LayerInfo info;
  info.input_shape = input;
  info.output_shape = WithLastExtent(input, spec.width);
  info.input_use = InputUse::kBackwardInput;
  const double pairs = static_cast<double>(input[0]) * NumPairs(spec, static_cast<double>(input[1]));
  // Two products forward and four backward, each with a multiply-add for each pair and channel.
  info.flops = {4 * pairs * spec.width, 8 * pairs * spec.width, 0};
  if (spec.dropout > 0) {
    info.flops.forward += 2 * pairs * spec.heads;
    info.flops.backward_input += 4 * pairs * spec.heads;
  }
  return info;
}

absl::StatusOr<LayerInfo> DropoutInfo(const DropoutSpec& spec, const Shape& input) {
  if (!(spec.probability >= 0 && spec.probability < 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("dropout.probability: ", spec.probability, " must be at least 0 and below 1"));
  }
  BATON_RETURN_IF_ERROR(CheckFloatInput("dropout", input));
  const RowSlices& rows = spec.rows;
  if (rows.num_members > 1 && (input.rank() != 3 || std::make_pair(input[0], input[1]) != rows.OfSlice())) {
    return absl::InvalidArgumentError(absl::StrCat("dropout.rows: the input ", input.ToString(), " is not one of ",
                                                   rows.num_members, " slices of ", rows.sequences, " x ", rows.context,
                                                   " rows"));
  }
  LayerInfo info;
  info.input_shape = input;
  info.output_shape = input;
  const double elements = input.NumElements();
  info.flops = {2 * elements, 2 * elements, 0};
  return info;
}

int64_t ElementsOfSequence(const DropoutSpec& spec, const Shape& input) {
  if (spec.rows.num_members > 1) return spec.rows.context * input.extents().back();
  return input.NumElements() / input[0];
}

int64_t FirstElement(const DropoutSpec& spec, const Shape& input) {
  return spec.rows.num_members > 1 ? spec.rows.FirstRow() * input.extents().back() : 0;
}

}  // namespace baton
