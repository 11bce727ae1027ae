// The running maximum and sum of a softmax, so that the values are read once (Milakov and Gimelshein 2018, algorithm
// 3). Used by kernels/cross_entropy.cu.
#ifndef BATON_OPS_CUDA_FORMULAS_SOFTMAX_SUM_H_
#define BATON_OPS_CUDA_FORMULAS_SOFTMAX_SUM_H_

#include <cmath>

#include "base/host_device_function.h"

namespace baton {

struct SoftmaxSum {
  float largest = -3.0e38f;  // of the values so far; starts below all logits, but finite, so that differences are finite
  float sum = 0.0f;          // Σ exp(value − largest) of the values so far

  BATON_HOST_DEVICE float LogSumExp() const { return largest + logf(sum); }
};

// The sum of the values of both.
BATON_HOST_DEVICE inline SoftmaxSum Merge(SoftmaxSum a, SoftmaxSum b) {
  SoftmaxSum result;
  result.largest = fmaxf(a.largest, b.largest);
  result.sum = a.sum * expf(a.largest - result.largest) + b.sum * expf(b.largest - result.largest);
  return result;
}

// Includes `kCount` more values, with one rescaling for all of them.
template <int kCount>
BATON_HOST_DEVICE inline void Include(const float (&values)[kCount], SoftmaxSum* so_far) {
  float largest = so_far->largest;
  for (int i = 0; i < kCount; ++i) largest = fmaxf(largest, values[i]);
  float sum = so_far->sum * expf(so_far->largest - largest);
  for (int i = 0; i < kCount; ++i) sum += expf(values[i] - largest);
  so_far->largest = largest;
  so_far->sum = sum;
}

}  // namespace baton

#endif  // BATON_OPS_CUDA_FORMULAS_SOFTMAX_SUM_H_
