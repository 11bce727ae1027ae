// Loops over the keys of a row. They compute whole vectors, then mask them, which is faster than stopping at the last
// key.
#include "ops/host/attention_softmax.h"

#include <cmath>

#include "ops/host/simd.h"

namespace baton {
namespace {

// The keys of a row that its query sees, [begin, seen), and the end of the last vector that has one.
struct Seen {
  int32_t begin;
  int32_t seen;
  int32_t end;
};

BATON_ALWAYS_INLINE Seen KeysSeen(const QueryBlock& block, int64_t q) {
  const auto seen = static_cast<int32_t>(block.KeysSeen(q));
  return {static_cast<int32_t>(std::max<int64_t>(0, block.mask.first + q)), seen,
          static_cast<int32_t>(RoundUpToVector(seen))};
}

}  // namespace

BATON_SIMD_CLONES
void ExponentialRows(const QueryBlock& block, float* scores, float* inverse_sums, float* log_sums) {
  const int64_t stride = block.Stride();
  for (int64_t q = 0; q < block.queries; ++q) {
    float* __restrict row = scores + q * stride;
    const Seen keys = KeysSeen(block, q);
    float largest = row[keys.begin];
#pragma omp simd reduction(max : largest)
    for (int32_t k = 0; k < keys.end; ++k) {
      const float score = k >= keys.begin && k < keys.seen ? row[k] : -INFINITY;
      largest = score > largest ? score : largest;
    }
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int32_t k = 0; k < keys.end; ++k) {
      const float exponential = VectorizableExp(row[k] - largest);
      const float masked = k >= keys.begin && k < keys.seen ? exponential : 0.0f;
      row[k] = masked;
      sum += masked;
    }
    for (int64_t k = keys.end; k < block.keys; ++k) row[k] = 0;
    inverse_sums[q] = 1.0f / sum;
    log_sums[q] = largest + std::log(sum);
  }
}

BATON_SIMD_CLONES
void ProbabilityRows(const QueryBlock& block, const float* log_sums, float* scores) {
  const int64_t stride = block.Stride();
  for (int64_t q = 0; q < block.queries; ++q) {
    float* __restrict row = scores + q * stride;
    const Seen keys = KeysSeen(block, q);
    const float log_sum = log_sums[q];
#pragma omp simd
    for (int32_t k = 0; k < keys.end; ++k) {
      const float probability = VectorizableExp(row[k] - log_sum);
      row[k] = k >= keys.begin && k < keys.seen ? probability : 0.0f;
    }
    for (int64_t k = keys.end; k < block.keys; ++k) row[k] = 0;
  }
}

BATON_SIMD_CLONES
void SoftmaxRowsBackward(const QueryBlock& block, const float* probabilities, float* gradients) {
  const int64_t stride = block.Stride();
  for (int64_t q = 0; q < block.queries; ++q) {
    const float* __restrict p = probabilities + q * stride;
    float* __restrict gradient = gradients + q * stride;
    const auto end = static_cast<int32_t>(RoundUpToVector(block.KeysSeen(q)));
    float dot = 0;
#pragma omp simd reduction(+ : dot)
    for (int32_t k = 0; k < end; ++k) dot += p[k] * gradient[k];
#pragma omp simd
    for (int32_t k = 0; k < end; ++k) gradient[k] = p[k] * (gradient[k] - dot);
    for (int64_t k = end; k < block.keys; ++k) gradient[k] = 0;
  }
}

}  // namespace baton
