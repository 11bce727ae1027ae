// A member has the same heads of the queries, keys and values, and the columns of the output projection that read them.
#include "ops/tensor_parallel/cut_attention.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace baton {
namespace {

template <typename Spec>
bool Is(const LayerSpec& layer) {
  return std::holds_alternative<Spec>(layer.kind);
}

// The norm of a member's queries or keys. Every member has the whole weight, which acts on its heads alone.
absl::StatusOr<LayerSpec> CutHeadNorm(const MemberPart& part, const AttentionSpec& whole, const AttentionSpec& own,
                                      const LayerSpec& layer) {
  RmsNormSpec norm = std::get<RmsNormSpec>(layer.kind);
  const bool queries = norm.begin == 0 && norm.runs == whole.heads;
  const bool keys = norm.begin == whole.width && norm.runs == whole.KeyValueHeads();
  if (norm.width != whole.HeadWidth() || (!queries && !keys)) {
    return absl::UnimplementedError(absl::StrCat("parallel.tensor: ", part.num_members, ": the RMS norm ", norm.name,
                                                 " is not that of all queries' or all keys' heads"));
  }
  norm.row = own.RowWidth();
  norm.begin = queries ? 0 : own.width;
  norm.runs /= part.num_members;
  MemberSumSpec sum;
  sum.layers = {{std::move(norm), layer.recompute}};
  sum.gradients = true;
  return LayerSpec{std::move(sum)};
}

}  // namespace

size_t EndOfAttention(const std::vector<LayerSpec>& layers, size_t begin) {
  if (!Is<LinearSpec>(layers[begin])) return begin;
  size_t i = begin + 1;
  while (i < layers.size() && (Is<RmsNormSpec>(layers[i]) || Is<RotarySpec>(layers[i]))) ++i;
  const bool ends = i + 1 < layers.size() && Is<AttentionSpec>(layers[i]) && Is<LinearSpec>(layers[i + 1]);
  return ends ? i + 2 : begin;
}

absl::StatusOr<LayerSpec> CutAttention(const MemberPart& part, const std::vector<LayerSpec>& run) {
  const std::string& name = std::get<LinearSpec>(run.front().kind).name;
  const auto& whole = std::get<AttentionSpec>(run[run.size() - 2].kind);
  BATON_RETURN_IF_ERROR(part.CheckDivides(whole.heads, absl::StrCat("heads of ", name)));
  BATON_RETURN_IF_ERROR(part.CheckDivides(whole.KeyValueHeads(), absl::StrCat("key-value heads of ", name)));
  AttentionSpec own = whole;
  own.heads = whole.heads / part.num_members;
  own.width = whole.width / part.num_members;
  own.first_head = part.member * own.heads;
  own.key_value_heads = whole.key_value_heads / part.num_members;
  const int64_t key_width = whole.KeyValueHeads() * whole.HeadWidth();
  MemberSumSpec sum;
  sum.layers.push_back(
      LinearByRows(run.front(), {part.RangeOf(whole.width), part.RangeOf(key_width, /*begin=*/whole.width),
                                 part.RangeOf(key_width, /*begin=*/whole.width + key_width)}));
  for (const LayerSpec& layer : run) {
    if (Is<RmsNormSpec>(layer)) {
      BATON_ASSIGN_OR_RETURN(LayerSpec norm, CutHeadNorm(part, whole, own, layer));
      sum.layers.push_back(std::move(norm));
    } else if (Is<RotarySpec>(layer)) {
      RotarySpec rotary = std::get<RotarySpec>(layer.kind);
      rotary.heads /= part.num_members;
      sum.layers.push_back({rotary, layer.recompute});
    } else if (Is<AttentionSpec>(layer)) {
      sum.layers.push_back({own, layer.recompute});
    }
  }
  sum.layers.push_back(LinearByColumns(part, run.back(), part.RangeOf(whole.width)));
  sum.output = sum.grad_input = true;
  return LayerSpec{std::move(sum)};
}

}  // namespace baton
