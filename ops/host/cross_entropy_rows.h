// Loops of the losses over whole and sliced rows of logits. Used only by the .cc files of ops/host. In all functions,
// logits: [rows, classes], or the first `classes` columns of [rows, stride]; the others have one element for each row.
#ifndef BATON_OPS_HOST_CROSS_ENTROPY_ROWS_H_
#define BATON_OPS_HOST_CROSS_ENTROPY_ROWS_H_

#include <cstdint>

#include "ops/layers/token_ids.h"

namespace baton {

// The target of a row is a class of another slice.
inline constexpr int32_t kTargetElsewhere = -1;

// log_sums[row] ← log Σ exp(logits[row]).
void LogSumExpRows(int64_t rows, int64_t classes, const float* logits, float* log_sums);

// maxima[row] ← the largest of logits[row].
void MaxRows(int64_t rows, int64_t classes, int64_t stride, const float* logits, float* maxima);

// sums[row] ← Σ exp(logits[row] − maxima[row]).
void SumExpRows(int64_t rows, int64_t classes, int64_t stride, const float* logits, const float* maxima, float* sums);

// grad_logits ← (softmax(logits) · (1 + 2 · z_loss · log_sum) − one-hot target) · scale, or 0 in rows that are ignored
// and behind `classes` columns. grad_logits: [rows, stride]. A target may be kTargetElsewhere.
void SoftmaxMinusTargetRows(int64_t rows, int64_t classes, int64_t stride, float scale, float z_loss,
                            const float* logits, const float* log_sums, const int32_t* targets, float* grad_logits);

// Σ over the rows that are not ignored of log_sum − target_logit(row) + z_loss · log_sum². A row is ignored if its
// target is kIgnoredTarget.
template <typename TargetLogit>
double SumLosses(int64_t rows, const float* log_sums, const int32_t* targets, double z_loss,
                 const TargetLogit& target_logit) {
  double loss = 0;
  for (int64_t row = 0; row < rows; ++row) {
    if (targets[row] == kIgnoredTarget) continue;
    const double log_sum = log_sums[row];
    loss += log_sum - target_logit(row);
    if (z_loss > 0) loss += z_loss * log_sum * log_sum;
  }
  return loss;
}

}  // namespace baton

#endif  // BATON_OPS_HOST_CROSS_ENTROPY_ROWS_H_
