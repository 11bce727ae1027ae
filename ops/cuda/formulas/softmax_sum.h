// The running maximum and sum of a softmax that is read once (Milakov and Gimelshein 2018, algorithm 3). Used by
// kernels/cross_entropy.cu.
#ifndef BATON_OPS_CUDA_FORMULAS_SOFTMAX_SUM_H_
#define BATON_OPS_CUDA_FORMULAS_SOFTMAX_SUM_H_

#include <cmath>

#include "ops/cuda/formulas/host_device.h"

namespace baton {

// Of the values so far: the largest, and Σ exp(value − largest).
struct SoftmaxSum {
  float largest = -3.0e38f;  // below all logits, and finite, so that differences are
  float sum = 0.0f;

  BATON_HOST_DEVICE float LogSumExp() const { return largest + logf(sum); }
};

BATON_HOST_DEVICE inline SoftmaxSum Merge(SoftmaxSum a, SoftmaxSum b) {
  SoftmaxSum result;
  result.largest = fmaxf(a.largest, b.largest);
  result.sum = a.sum * expf(a.largest - result.largest) + b.sum * expf(b.largest - result.largest);
  return result;
}

// Takes `kCount` more values: one rescaling for all of them.
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
