// Subtrees, and norms from pieces.
#include "ops/optimizer/tree_sum.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "ops/optimizer/cut_norm.h"

namespace baton {
namespace {

// By the definition of the tree.
double SumOf(const std::vector<double>& leaves, size_t begin, size_t end) {
  if (end - begin == 1) return leaves[begin];
  size_t left = 1;
  while (2 * left < end - begin) left *= 2;
  return SumOf(leaves, begin, begin + left) + SumOf(leaves, begin + left, end);
}

std::vector<double> Leaves(size_t count) {
  std::vector<double> leaves;
  for (size_t i = 0; i < count; ++i) leaves.push_back(1.0 / static_cast<double>(i * i % 23 + 3));
  return leaves;
}

}  // namespace

TEST_CASE("leaves are added by a balanced tree") {
  bool differs = false;
  for (size_t count = 1; count < 70; ++count) {
    CAPTURE(count);
    const std::vector<double> leaves = Leaves(count);
    TreeSum tree;
    double in_order = 0;
    for (const double leaf : leaves) {
      tree.Add(leaf);
      in_order += leaf;
    }
    CHECK(tree.Total() == SumOf(leaves, 0, count));
    differs = differs || tree.Total() != in_order;
  }
  CHECK(differs);  // else no order would show
  CHECK(TreeSum().Total() == 0);
}

TEST_CASE("pieces that are cut anywhere have the sum of the whole, for each member") {
  const size_t count = GENERATE(2, 3, 16, 37, 64, 65);
  const std::vector<double> leaves = Leaves(count);
  const double whole = SumOf(leaves, 0, count);
  for (size_t first = 1; first <= count; ++first) {
    for (size_t second = first; second <= count; ++second) {
      CAPTURE(count, first, second);
      std::vector<double> norms = {0, 0};
      std::vector<int32_t> levels = {7};  // of another parameter
      const size_t cuts[] = {0, first, second, count};
      for (int shard = 0; shard < 3; ++shard) {
        for (size_t begin = cuts[shard]; begin < cuts[shard + 1];) {
          const int level = LevelOfSubtree(static_cast<int64_t>(begin), static_cast<int64_t>(cuts[shard + 1]));
          const size_t end = begin + (size_t{1} << level);
          norms.push_back(SumOf(leaves, begin, end));
          levels.push_back(level);
          begin = end;
        }
      }
      const auto num_pieces = static_cast<int32_t>(norms.size()) - 2;
      norms.insert(norms.end(), norms.begin() + 2, norms.begin() + 2 + num_pieces);
      JoinCutNorm({0, 2, num_pieces, 1, 1}, levels.data(), norms.data());
      JoinCutNorm({1, 2, num_pieces, 2, 1}, levels.data(), norms.data());
      REQUIRE(norms[0] == whole);
      REQUIRE(norms[1] == whole + whole);
    }
  }
}

TEST_CASE("a norm that is to stop an update stays NaN") {
  double norms[] = {std::numeric_limits<double>::quiet_NaN(), 1, 2};
  const int32_t levels[] = {0, 0};
  JoinCutNorm({0, 1, 2, 1, 0}, levels, norms);
  CHECK(std::isnan(norms[0]));
}

}  // namespace baton
