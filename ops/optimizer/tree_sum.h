// The order in which the squares of a gradient are added, so that parts of a parameter can be summed on different
// devices. Used by every backend's SquaredNorms and by FoldNorms.
//
// Leaves are kNormLeaf consecutive elements. Their sums are added by a balanced binary tree over powers of two of them,
// which counts leaves behind the last one as zero:
//
//   leaf    0   1   2   3   4   5   6
//           └─┬─┘   └─┬─┘   └─┬─┘   │
//             └───┬───┘       └──┬──┘
//                 └──────┬───────┘
//
// A subtree of 2^level leaves has the same sum wherever it is computed. So leaves [0, 4) may be summed by one device
// and [4, 6) and [6, 7) by another: TreeSum adds the three sums to the bits of the whole.
#ifndef BATON_OPS_OPTIMIZER_TREE_SUM_H_
#define BATON_OPS_OPTIMIZER_TREE_SUM_H_

#include <cstdint>

#include "base/host_device_function.h"

namespace baton {

// In elements. A power of two; 64 bytes of f32, so that shards (base/shards.h) begin with a leaf.
inline constexpr int64_t kNormLeaf = 16;

// Adds the sums of subtrees, which come from the left to the right. All sums are at least 0, or NaN.
class TreeSum {
 public:
  // Adds a subtree of 2^level leaves. The leaves before it are a multiple of as many.
  BATON_HOST_DEVICE void Add(double sum, int level = 0) {
    int64_t before = num_leaves_ >> level;  // subtrees of this size
    num_leaves_ += int64_t{1} << level;
    for (; (before & 1) != 0; before >>= 1) sum = sums_[level++] + sum;
    sums_[level] = sum;
  }

  BATON_HOST_DEVICE double Total() const {
    double total = 0;
    int level = 0;
    for (int64_t rest = num_leaves_; rest != 0; rest >>= 1, ++level) {
      if ((rest & 1) != 0) total = sums_[level] + total;
    }
    return total;
  }

 private:
  static constexpr int kLevels = 48;
  int64_t num_leaves_ = 0;
  double sums_[kLevels];  // [level]: of the one subtree of this size that waits for its neighbour
};

// The level of the largest subtree that begins at leaf `begin` and ends at `end` or before. Expects begin < end.
inline constexpr int LevelOfSubtree(int64_t begin, int64_t end) {
  int level = 0;
  while ((begin >> level) % 2 == 0 && begin + (int64_t{2} << level) <= end) ++level;
  return level;
}

}  // namespace baton

#endif  // BATON_OPS_OPTIMIZER_TREE_SUM_H_
