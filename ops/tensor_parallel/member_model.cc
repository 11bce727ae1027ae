// Finds the groups of layers that are cut together, and cuts them.
#include "ops/tensor_parallel/member_model.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "ops/tensor_parallel/cut_attention.h"
#include "ops/tensor_parallel/member_part.h"
#include "ops/tensor_parallel/slice_rows.h"

namespace baton {
namespace {

using Layers = std::vector<LayerSpec>;

// linear, activation or gate, linear: the first by rows, the second by columns.
absl::StatusOr<LayerSpec> CutFeedForward(const MemberPart& part, const LayerSpec& first, const LayerSpec& between,
                                         const LayerSpec& second) {
  const auto& up = std::get<LinearSpec>(first.kind);
  const auto& down = std::get<LinearSpec>(second.kind);
  BATON_RETURN_IF_ERROR(part.CheckDivides(down.inputs, absl::StrCat("inputs of ", down.name)));
  const IndexRange own = part.RangeOf(down.inputs);
  // In front of a gate, the rows have the activation's features and then those that it multiplies.
  std::vector<IndexRange> rows = {own};
  if (up.outputs == 2 * down.inputs) rows.push_back({down.inputs + own.begin, down.inputs + own.end});
  MemberSumSpec sum;
  sum.layers = {LinearByRows(first, std::move(rows)), between, LinearByColumns(part, second, own)};
  sum.output = sum.grad_input = true;
  return LayerSpec{std::move(sum)};
}

absl::StatusOr<LayerSpec> CutEmbedding(const MemberPart& part, const LayerSpec& layer) {
  EmbeddingSpec embedding = std::get<EmbeddingSpec>(layer.kind);
  if (embedding.vocabulary < part.num_members) {
    return absl::InvalidArgumentError(absl::StrCat("parallel.tensor: ", part.num_members, " must be at most the ",
                                                   embedding.vocabulary, " tokens of ", embedding.token_name));
  }
  embedding.slice = part.PaddedPart(0, embedding.vocabulary);
  embedding.adds_positions = part.member == 0;
  MemberSumSpec sum;
  sum.layers = {{std::move(embedding), layer.recompute}};
  sum.output = true;
  return LayerSpec{std::move(sum)};
}

// linear, cross-entropy: the rows of the weight, and the columns of the logits. Padded rows of the weight are zeros,
// and stay so: the loss gives their logits no probability and no gradient.
void CutHead(const MemberPart& part, const LayerSpec& head, const LayerSpec& loss, Layers& result) {
  CrossEntropySpec cut = std::get<CrossEntropySpec>(loss.kind);
  cut.slice = part.PaddedPart(1, cut.classes);
  MemberSumSpec sum;
  sum.layers = {LinearByRows(head, part.PaddedPart(0, cut.classes))};
  cut.classes = cut.slice.NumIndices();
  sum.grad_input = true;
  result.push_back({std::move(sum)});
  result.push_back({std::move(cut), loss.recompute});
}

// A linear layer that stands alone: each member reads its part of the inputs.
LayerSpec CutByInputs(const MemberPart& part, const LayerSpec& layer) {
  const IndexRange own = part.RangeOf(std::get<LinearSpec>(layer.kind).inputs);
  MemberSumSpec sum;
  sum.layers = {{ColumnsSpec{own.begin, own.end}}, LinearByColumns(part, layer, own)};
  sum.output = sum.grad_input = true;
  return {std::move(sum)};
}

bool HasAttention(const Layers& layers) {
  return std::any_of(layers.begin(), layers.end(), [](const LayerSpec& layer) {
    if (const auto* sequence = std::get_if<SequenceSpec>(&layer.kind)) return HasAttention(sequence->layers);
    if (const auto* residual = std::get_if<ResidualSpec>(&layer.kind)) return HasAttention(residual->layers);
    return std::holds_alternative<AttentionSpec>(layer.kind);
  });
}

template <typename Spec>
bool Is(const Layers& layers, size_t index) {
  return index < layers.size() && std::holds_alternative<Spec>(layers[index].kind);
}

struct Cuts {
  bool alone = false;  // linear layers that stand alone are cut
  int count = 0;       // of layers that are cut
};

absl::StatusOr<Layers> Cut(const MemberPart& part, const Layers& layers, Cuts& cuts);

// Cuts the layers inside a composite; other layers are whole.
absl::StatusOr<LayerSpec> CutInside(const MemberPart& part, LayerSpec layer, Cuts& cuts) {
  if (auto* sequence = std::get_if<SequenceSpec>(&layer.kind)) {
    BATON_ASSIGN_OR_RETURN(sequence->layers, Cut(part, sequence->layers, cuts));
  } else if (auto* residual = std::get_if<ResidualSpec>(&layer.kind)) {
    BATON_ASSIGN_OR_RETURN(residual->layers, Cut(part, residual->layers, cuts));
    BATON_ASSIGN_OR_RETURN(residual->shortcut, Cut(part, residual->shortcut, cuts));
  } else if (auto* flattened = std::get_if<FlattenedSpec>(&layer.kind)) {
    BATON_ASSIGN_OR_RETURN(flattened->layers, Cut(part, flattened->layers, cuts));
  }
  return layer;
}

absl::StatusOr<Layers> Cut(const MemberPart& part, const Layers& layers, Cuts& cuts) {
  Layers result;
  for (size_t i = 0; i < layers.size();) {
    const size_t attention_end = EndOfAttention(layers, i);
    if (attention_end > i) {
      BATON_ASSIGN_OR_RETURN(LayerSpec cut, CutAttention(part, {layers.begin() + i, layers.begin() + attention_end}));
      result.push_back(std::move(cut));
      i = attention_end;
    } else if (Is<LinearSpec>(layers, i) && (Is<ActivationSpec>(layers, i + 1) || Is<GateSpec>(layers, i + 1)) &&
               Is<LinearSpec>(layers, i + 2)) {
      BATON_ASSIGN_OR_RETURN(LayerSpec cut, CutFeedForward(part, layers[i], layers[i + 1], layers[i + 2]));
      result.push_back(std::move(cut));
      i += 3;
    } else if (Is<LinearSpec>(layers, i) && Is<CrossEntropySpec>(layers, i + 1) &&
               std::get<LinearSpec>(layers[i].kind).outputs >= part.num_members) {
      CutHead(part, layers[i], layers[i + 1], result);
      i += 2;
    } else if (Is<EmbeddingSpec>(layers, i)) {
      BATON_ASSIGN_OR_RETURN(LayerSpec cut, CutEmbedding(part, layers[i]));
      result.push_back(std::move(cut));
      ++i;
    } else if (cuts.alone && Is<LinearSpec>(layers, i) && part.Divides(std::get<LinearSpec>(layers[i].kind).inputs)) {
      result.push_back(CutByInputs(part, layers[i]));
      ++i;
    } else {
      BATON_ASSIGN_OR_RETURN(LayerSpec whole, CutInside(part, layers[i], cuts));
      result.push_back(std::move(whole));
      ++i;
      continue;
    }
    ++cuts.count;
  }
  return result;
}

}  // namespace

absl::StatusOr<ModelSpec> MemberModel(const ModelSpec& whole, int num_members, int member, bool slices_rows) {
  if (num_members < 1 || member < 0 || member >= num_members) {
    return absl::InvalidArgumentError(
        absl::StrCat("parallel.tensor: ", num_members, " members have no member ", member));
  }
  ModelSpec model = whole;
  if (num_members == 1) return model;
  Cuts cuts;
  cuts.alone = !HasAttention(whole.layers);
  BATON_ASSIGN_OR_RETURN(model.layers, Cut({num_members, member}, whole.layers, cuts));
  if (slices_rows && cuts.alone) {
    return absl::InvalidArgumentError(
        absl::StrCat("parallel.tensor_sequence: true needs a model with attention, which ", whole.name, " has not"));
  }
  if (slices_rows) BATON_RETURN_IF_ERROR(SliceRows({num_members, member}, model));
  if (cuts.count > 0) return model;
  return absl::InvalidArgumentError(absl::StrCat("parallel.tensor: ", num_members, " must be 1 for model ", whole.name,
                                                 ", of which no layer is cut"));
}

}  // namespace baton
