// Each specification taken apart, so that a new field does not compile until this file decides on it.
#include "ops/layers/computation_key.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace baton {
namespace {

std::string KeyOf(const LinearSpec& spec) {
  const auto& [name, weight_name, inputs, outputs, bias, initializer, slice, adds_bias] = spec;
  return absl::StrCat("linear ", weight_name.empty() ? "" : "tied ", inputs, " ", outputs, " ", bias);
}

std::string KeyOf(const EmbeddingSpec& spec) {
  const auto& [token_name, position_name, vocabulary, context, width, initializer, segment_name, segments, slice,
               adds_positions] = spec;
  return absl::StrCat("embedding ", position_name.empty() ? "" : "positions ", vocabulary, " ", context, " ", width,
                      segment_name.empty() ? "" : absl::StrCat(" segments ", segments),
                      slice.IsWhole() ? "" : absl::StrCat(" rows ", slice.NumIndices()));
}

std::string KeyOf(const LayerNormSpec& spec) {
  const auto& [name, width, epsilon] = spec;
  return absl::StrCat("norm ", width, " ", epsilon);
}

std::string KeyOf(const RmsNormSpec& spec) {
  const auto& [name, width, epsilon, row, begin, runs] = spec;
  return absl::StrCat("RMS norm ", width, " ", epsilon, " ", row, " ", begin, " ", runs);
}

std::string KeyOf(const ActivationSpec& spec) {
  const auto& [kind] = spec;
  return absl::StrCat("activation ", static_cast<int>(kind));
}

std::string KeyOf(const GateSpec& spec) {
  const auto& [kind] = spec;
  return absl::StrCat("gate ", static_cast<int>(kind));
}

// The frequencies change values but not the work.
std::string KeyOf(const RotarySpec& spec) {
  const auto& [heads, width, frequencies] = spec;
  return absl::StrCat("rotary ", heads, " ", width);
}

std::string KeyOf(const AttentionSpec& spec) {
  const auto& [heads, width, key_value_heads, causal, window, dropout, name, first_head] = spec;
  return absl::StrCat("attention ", heads, " ", width, " ", spec.KeyValueHeads(), " ", causal, " ", window, " ",
                      dropout);
}

std::string KeyOf(const DropoutSpec& spec) {
  const auto& [name, probability, rows] = spec;
  return absl::StrCat("dropout ", probability);
}

std::string KeyOf(const ConvolutionSpec& spec) {
  const auto& [name, inputs, outputs, kernel, stride, padding, bias, initializer] = spec;
  return absl::StrCat("convolution ", inputs, " ", outputs, " ", kernel, " ", stride, " ", padding, " ", bias);
}

std::string KeyOf(const GroupNormSpec& spec) {
  const auto& [name, channels, groups, epsilon] = spec;
  return absl::StrCat("group norm ", channels, " ", groups, " ", epsilon);
}

std::string KeyOf(const BatchNormSpec& spec) {
  const auto& [name, channels, epsilon, statistics] = spec;
  return absl::StrCat("batch norm ", channels, " ", epsilon, " ", static_cast<int>(statistics));
}

std::string KeyOf(const PoolSpec& spec) {
  const auto& [kind, kernel, stride, padding] = spec;
  return absl::StrCat("pooling ", static_cast<int>(kind), " ", kernel, " ", stride, " ", padding);
}

std::string KeyOf(const GlobalAverageSpec&) { return "global average"; }

std::string KeyOf(const PatchesSpec& spec) {
  const auto& [edge] = spec;
  return absl::StrCat("patches ", edge);
}

std::string KeyOf(const PositionsSpec& spec) {
  const auto& [name, class_token, initializer] = spec;
  return absl::StrCat("positions ", class_token);
}

std::string KeyOf(const FirstRowSpec&) { return "first row"; }

std::string KeyOf(const ColumnsSpec& spec) {
  const auto& [begin, end] = spec;
  return absl::StrCat("columns ", end - begin);
}

// The z-loss changes values but not the work.
std::string KeyOf(const CrossEntropySpec& spec) {
  const auto& [classes, loss_rows, z_loss, slice] = spec;
  return absl::StrCat("cross-entropy ", classes, " ", loss_rows, slice.IsWhole() ? "" : " sliced");
}

std::string KeyOf(const std::vector<LayerSpec>& layers) {
  return absl::StrCat(
      "{",
      absl::StrJoin(layers, "; ",
                    [](std::string* out, const LayerSpec& layer) { absl::StrAppend(out, ComputationKey(layer)); }),
      "}");
}

std::string KeyOf(const SequenceSpec& spec) {
  const auto& [layers] = spec;
  return absl::StrCat("sequence ", KeyOf(layers));
}

std::string KeyOf(const FlattenedSpec& spec) {
  const auto& [layers] = spec;
  return absl::StrCat("flattened ", KeyOf(layers));
}

std::string KeyOf(const ResidualSpec& spec) {
  const auto& [layers, shortcut] = spec;
  return absl::StrCat("residual ", KeyOf(layers), shortcut.empty() ? "" : " + ",
                      shortcut.empty() ? "" : KeyOf(shortcut));
}

std::string KeyOf(const MemberSumSpec& spec) {
  const auto& [layers, output, grad_input, gradients] = spec;
  return absl::StrCat("member sum ", output, grad_input, gradients, " ", KeyOf(layers));
}

std::string KeyOf(const MemberSlicesSpec& spec) {
  const auto& [layers, rows, input, output] = spec;
  return absl::StrCat("member slices ", rows.num_members, " of ", rows.sequences, " ", rows.context, " ",
                      static_cast<int>(input), static_cast<int>(output), " ", KeyOf(layers));
}

}  // namespace

std::string ComputationKey(const LayerSpec& spec) {
  const auto& [kind, recompute] = spec;
  return absl::StrCat(std::visit([](const auto& each) { return KeyOf(each); }, kind), " recompute ",
                      static_cast<int>(recompute));
}

}  // namespace baton
