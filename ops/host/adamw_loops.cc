// Sums of squares in parts, and AdamW element by element.
#include "ops/host/adamw_loops.h"

#include <algorithm>

#include "ops/host/parallel.h"
#include "ops/host/simd.h"
#include "ops/optimizer/adamw.h"
#include "ops/tensor/views.h"

namespace baton {
namespace {

// The number of partial sums. Fixed, so that the order of the sum is the same for every vector width.
constexpr int kPartialSums = 32;

BATON_SIMD_CLONES
double SumPart(int64_t count, const float* __restrict values) {
  double partial[kPartialSums] = {};
  int64_t i = 0;
  for (; i + kPartialSums <= count; i += kPartialSums) {
#pragma omp simd
    for (int lane = 0; lane < kPartialSums; ++lane) {
      const double value = values[i + lane];
      partial[lane] += value * value;
    }
  }
  for (; i < count; ++i) partial[i % kPartialSums] += static_cast<double>(values[i]) * values[i];
  double sum = 0;
  for (double value : partial) sum += value;
  return sum;
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
  // Their number depends on nothing but `count`, so that threads may take any of them.
  constexpr int64_t kMostParts = 64;
  constexpr int64_t kSmallestPart = 16 << 10;
  const int64_t parts = std::clamp<int64_t>(count / kSmallestPart, 1, kMostParts);
  double sums[kMostParts];
  ParallelFor(threads, parts, 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t part = begin; part < end; ++part) {
      const int64_t first = count * part / parts, last = count * (part + 1) / parts;
      sums[part] = SumPart(last - first, values + first);
    }
  });
  double sum = 0;
  for (int64_t part = 0; part < parts; ++part) sum += sums[part];
  return sum;
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
              });
}

}  // namespace baton
