// Sums of squares as a tree, and AdamW element by element.
#include "ops/host/adamw_loops.h"

#include <algorithm>

#include "ops/host/parallel.h"
#include "ops/host/simd.h"
#include "ops/optimizer/adamw.h"
#include "ops/optimizer/stochastic_rounding.h"
#include "ops/optimizer/tree_sum.h"
#include "ops/tensor/views.h"

namespace baton {
namespace {

// Leaves of the tree that are summed at once. Their vectors stay in the first cache.
constexpr int64_t kLeavesPerBlock = 64;

// The sums of kLeavesPerBlock leaves, added as the tree of ops/optimizer/tree_sum.h. The halves of each leaf are added,
// then quarters, and so on.
BATON_SIMD_CLONES
double SumBlock(const float* __restrict values) {
  static_assert(kNormLeaf == 16, "each halving is written below");
  double eights[8 * kLeavesPerBlock], sums[kLeavesPerBlock];
  for (int64_t leaf = 0; leaf < kLeavesPerBlock; ++leaf) {
#pragma omp simd
    for (int i = 0; i < 8; ++i) {
      const double left = values[16 * leaf + i], right = values[16 * leaf + 8 + i];
      eights[8 * leaf + i] = left * left + right * right;
    }
  }
#pragma omp simd
  for (int64_t leaf = 0; leaf < kLeavesPerBlock; ++leaf) {
    const double* const e = eights + 8 * leaf;
    sums[leaf] = ((e[0] + e[4]) + (e[2] + e[6])) + ((e[1] + e[5]) + (e[3] + e[7]));
  }
  for (int64_t count = kLeavesPerBlock / 2; count > 0; count /= 2) {
#pragma omp simd
    for (int64_t i = 0; i < count; ++i) sums[i] = sums[2 * i] + sums[2 * i + 1];
  }
  return sums[0];
}

double SumPart(int64_t count, const float* values) {
  constexpr int64_t kBlock = kLeavesPerBlock * kNormLeaf;
  constexpr int kBlockLevel = LevelOfSubtree(0, kLeavesPerBlock);
  TreeSum tree;
  int64_t begin = 0;
  for (; begin + kBlock <= count; begin += kBlock) tree.Add(SumBlock(values + begin), kBlockLevel);
  if (begin < count) {
    float rest[kBlock] = {};  // zeros do not change a sum
    std::copy(values + begin, values + count, rest);
    tree.Add(SumBlock(rest), kBlockLevel);
  }
  return tree.Total();
}

// values, gradients, first_moment, second_moment: [count].
BATON_SIMD_CLONES
void AdamWElements(int64_t count, const AdamWFactors& factors, float decay_factor, float* __restrict values,
                   float* __restrict gradients, float* __restrict first_moment, float* __restrict second_moment) {
  const AdamWFactors f = factors;
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    const AdamWElement after =
        UpdateByAdamW(f, decay_factor, {values[i], first_moment[i], second_moment[i]}, gradients[i]);
    values[i] = after.value;
    first_moment[i] = after.first_moment;
    second_moment[i] = after.second_moment;
    gradients[i] = 0;
  }
}

}  // namespace

double SumOfSquares(int threads, int64_t count, const float* values) {
  // Subtrees of one size, so that threads may take any of them.
  constexpr int64_t kMostParts = 64;
  int64_t in_part = 16 << 10;
  while (in_part * kMostParts < count) in_part *= 2;
  const int64_t parts = (count + in_part - 1) / in_part;
  double sums[kMostParts];
  ParallelFor(threads, parts, 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t part = begin; part < end; ++part) {
      const int64_t first = part * in_part;
      sums[part] = SumPart(std::min(in_part, count - first), values + first);
    }
  });
  TreeSum tree;
  for (int64_t part = 0; part < parts; ++part) tree.Add(sums[part]);
  return tree.Total();
}

void AdamW(int threads, const OptimizedParameter& parameter, const UpdateControl& control, double gradient_scale) {
  const AdamWFactors factors = MakeAdamWFactors(control, gradient_scale);
  const float decay_factor = parameter.decays ? factors.decay_factor : 1.0f;
  constexpr int64_t kArrays = 4;
  ParallelFor(threads, parameter.num_elements, LeastPart(kArrays * sizeof(float)),
              [&](int64_t begin, int64_t end, int) {
                AdamWElements(end - begin, factors, decay_factor, Floats(parameter.values) + begin,
                              Floats(parameter.gradients) + begin, Floats(parameter.first_moment) + begin,
                              Floats(parameter.second_moment) + begin);
                if (parameter.rounds) RoundElements(parameter, control, begin, end);
              });
}

}  // namespace baton
