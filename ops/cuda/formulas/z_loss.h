// The z-loss, which keeps log Σ exp of the logits near 0 (Chowdhery et al. 2022, section 5). Used by
// kernels/cross_entropy.cu.
#ifndef BATON_OPS_CUDA_FORMULAS_Z_LOSS_H_
#define BATON_OPS_CUDA_FORMULAS_Z_LOSS_H_

#include "base/host_device_function.h"

namespace baton {

// The part that z-loss adds to a row's loss. Without z-loss it is 0 even if log_sum is infinite.
BATON_HOST_DEVICE inline float ZLoss(float z_loss, float log_sum) {
  return z_loss == 0.0f ? 0.0f : z_loss * log_sum * log_sum;
}

// The factor of the softmax in the row's gradient.
BATON_HOST_DEVICE inline float SoftmaxSlope(float z_loss, float log_sum) {
  return z_loss == 0.0f ? 1.0f : 1.0f + 2.0f * z_loss * log_sum;
}

}  // namespace baton

#endif  // BATON_OPS_CUDA_FORMULAS_Z_LOSS_H_
