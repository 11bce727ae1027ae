// The loops, vectorised over classes.
#include "ops/host/cross_entropy_rows.h"

#include <algorithm>
#include <cmath>

#include "ops/host/simd.h"
#include "ops/layers/token_ids.h"

namespace baton {

BATON_SIMD_CLONES
void LogSumExpRows(int64_t rows, int64_t classes, const float* logits, float* __restrict log_sums) {
  for (int64_t row = 0; row < rows; ++row) {
    const float* __restrict x = logits + row * classes;
    float largest = x[0];
#pragma omp simd reduction(max : largest)
    for (int64_t c = 0; c < classes; ++c) largest = x[c] > largest ? x[c] : largest;
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t c = 0; c < classes; ++c) sum += VectorizableExp(x[c] - largest);
    log_sums[row] = largest + std::log(sum);
  }
}

BATON_SIMD_CLONES
void MaxRows(int64_t rows, int64_t classes, int64_t stride, const float* logits, float* __restrict maxima) {
  for (int64_t row = 0; row < rows; ++row) {
    const float* __restrict x = logits + row * stride;
    float largest = x[0];
#pragma omp simd reduction(max : largest)
    for (int64_t c = 0; c < classes; ++c) largest = x[c] > largest ? x[c] : largest;
    maxima[row] = largest;
  }
}

BATON_SIMD_CLONES
void SumExpRows(int64_t rows, int64_t classes, int64_t stride, const float* logits, const float* __restrict maxima,
                float* __restrict sums) {
  for (int64_t row = 0; row < rows; ++row) {
    const float* __restrict x = logits + row * stride;
    const float largest = maxima[row];
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t c = 0; c < classes; ++c) sum += VectorizableExp(x[c] - largest);
    sums[row] = sum;
  }
}

BATON_SIMD_CLONES
void SoftmaxMinusTargetRows(int64_t rows, int64_t classes, int64_t stride, float scale, float z_loss,
                            const float* logits, const float* __restrict log_sums, const int32_t* __restrict targets,
                            float* grad_logits) {
  for (int64_t row = 0; row < rows; ++row) {
    const float* __restrict x = logits + row * stride;
    float* __restrict dx = grad_logits + row * stride;
    if (targets[row] == kIgnoredTarget) {
      std::fill_n(dx, stride, 0.0f);
      continue;
    }
    std::fill(dx + classes, dx + stride, 0.0f);
    const float log_sum = log_sums[row];
    const float softmax_scale = z_loss == 0 ? scale : scale * (1 + 2 * z_loss * log_sum);
#pragma omp simd
    for (int64_t c = 0; c < classes; ++c) dx[c] = VectorizableExp(x[c] - log_sum) * softmax_scale;
    if (targets[row] != kTargetElsewhere) dx[targets[row]] -= scale;
  }
}

}  // namespace baton
