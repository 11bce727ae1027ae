// Cutting parameters into subtrees.
#include "runtime/train/norm_table.h"

#include <algorithm>

#include "ops/optimizer/tree_sum.h"

namespace baton {
namespace {

constexpr Bytes kLeafBytes = kNormLeaf * static_cast<Bytes>(sizeof(float));
static_assert(kBufferAlignment % kLeafBytes == 0, "shards begin with a leaf");

bool Counts(const ParameterSpec& spec, const ParameterUse& use) {
  return use.canonical && !spec.is_statistic && !spec.frozen;
}

}  // namespace

NormTable::NormTable(const ParameterLayout& layout, const Program& program, int num_members)
    : num_shards_(layout.num_chunks()), cut_of_(layout.num_parameters(), -1), size_(layout.num_parameters()) {
  for (const ReduceGroup& group : program.reduce_groups) {
    if (group.kind != ReduceKind::kShardGradient) continue;
    num_shards_[program.placement.replicas()[group.members.front()].chunk] = static_cast<int>(group.members.size());
  }
  for (int chunk = 0; chunk < layout.num_chunks(); ++chunk) {
    if (num_shards_[chunk] == 0) continue;
    for (const ParameterUse& use : layout.UsesIn(chunk)) {
      if (Counts(layout.SpecOf(use), use)) AddCut(layout, use, num_members);
    }
  }
}

void NormTable::AddCut(const ParameterLayout& layout, const ParameterUse& use, int num_members) {
  const ParameterSpec& spec = layout.SpecOf(use);
  const Bytes bytes = spec.shape.NumBytes();
  const int num_shards = num_shards_[use.chunk];
  const auto first_level = static_cast<int32_t>(levels_.size());
  for (int shard = 0; shard < num_shards; ++shard) {
    const Shard whole = ShardOf(layout.GradientBytes(use.chunk), shard, num_shards);
    const Shard own = PartInBlock(whole, use.offsets.gradients, bytes);
    if (own.bytes() == bytes) return;
    const int64_t end = (own.end + kLeafBytes - 1) / kLeafBytes;
    for (int64_t leaf = own.begin / kLeafBytes; leaf < end; leaf += int64_t{1} << levels_.back()) {
      levels_.push_back(LevelOfSubtree(leaf, end));
    }
  }
  const auto num_pieces = static_cast<int32_t>(levels_.size()) - first_level;
  const int parts = spec.slice.IsWhole() ? 1 : num_members;
  cut_of_[use.parameter] = static_cast<int32_t>(cuts_.size());
  cuts_.push_back({use.parameter, static_cast<int32_t>(size_), num_pieces, parts, first_level});
  size_ += int64_t{num_pieces} * parts;
}

std::vector<NormTable::Part> NormTable::PartsIn(const ParameterLayout& layout, const ParameterUse& use,
                                                const Shard& shard, int member) const {
  const ParameterSpec& spec = layout.SpecOf(use);
  const Bytes bytes = spec.shape.NumBytes();
  const Shard own = PartInBlock(shard, use.offsets.gradients, bytes);
  if (own.bytes() == 0) return {};
  const Bytes offset = use.offsets.gradients;
  // Parameters that are no slices are the same on all members, and count once.
  const bool counts = Counts(spec, use) && (member == 0 || !spec.slice.IsWhole());
  const int32_t index = cut_of_[use.parameter];
  if (!counts || index < 0) return {{{offset + own.begin, offset + own.end}, counts ? use.parameter : -1}};
  const CutNorm& cut = cuts_[index];
  std::vector<Part> parts;
  Bytes begin = 0;
  for (int32_t piece = 0; piece < cut.num_pieces; ++piece) {
    const Bytes end = begin + (kLeafBytes << levels_[cut.first_level + piece]);
    if (begin >= own.begin && begin < own.end) {
      parts.push_back(
          {{offset + begin, offset + std::min(end, own.end)}, cut.first_piece + member * cut.num_pieces + piece});
    }
    begin = end;
  }
  return parts;
}

}  // namespace baton
