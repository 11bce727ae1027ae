// Where the squared norms of a model's parameters stand in the table that all devices sum before an update. Used by
// LayerStageModule.
//
// Element p is the norm of parameter p. If replicas have the sums of their shards alone, shards may cut a parameter:
// the table then has an element for each piece behind the norms, and each replica fills those of its shard:
//
//   parameter        0 │ 1 ──────────── │ 2          shards of replicas 0 and 1
//   leaves             │ 0 1 2 3 4 ┊5 6 │            (ops/optimizer/tree_sum.h)
//   pieces             │ 0-3  │  4 ┊5│6 │
//   table            0   1   2   0-3  4  5  6
#ifndef BATON_RUNTIME_TRAIN_NORM_TABLE_H_
#define BATON_RUNTIME_TRAIN_NORM_TABLE_H_

#include <cstdint>
#include <vector>

#include "base/shards.h"
#include "ops/layers/parameter_layout.h"
#include "ops/optimizer/cut_norm.h"
#include "schedules/program/program.h"

namespace baton {

// Immutable; owns its tables. The same on all devices, and for all members of a tensor-parallel group.
class NormTable {
 public:
  // Part of a parameter, in bytes of the chunk's gradients region, and the element that its squares are summed to; −1:
  // none, since they do not count.
  struct Part {
    Shard bytes;
    int32_t norm = -1;
  };

  // `num_members`: of a tensor-parallel group; 1: none.
  NormTable(const ParameterLayout& layout, const Program& program, int num_members);

  int64_t size() const { return size_; }
  const std::vector<CutNorm>& cuts() const { return cuts_; }
  const std::vector<int32_t>& levels() const { return levels_; }
  // Whether the replicas of the chunk have the sums of their shards alone.
  bool IsScattered(int chunk) const { return num_shards_[chunk] > 0; }
  // The parts of the use that are in the shard, in a chunk that IsScattered, for member `member`.
  std::vector<Part> PartsIn(const ParameterLayout& layout, const ParameterUse& use, const Shard& shard,
                            int member) const;

 private:
  void AddCut(const ParameterLayout& layout, const ParameterUse& use, int num_members);

  std::vector<int> num_shards_;  // [chunk]; 0: not scattered
  std::vector<CutNorm> cuts_;
  std::vector<int32_t> levels_;
  std::vector<int32_t> cut_of_;  // [parameter]: in cuts_; −1: none
  int64_t size_ = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_NORM_TABLE_H_
