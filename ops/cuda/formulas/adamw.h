// One element of an AdamW step, and the factors that all elements of a step share. Used by kernels/optimizer.cu.
#ifndef BATON_OPS_CUDA_FORMULAS_ADAMW_H_
#define BATON_OPS_CUDA_FORMULAS_ADAMW_H_

#include <cmath>

#include "ops/cuda/formulas/host_device.h"
#include "ops/optimizer/optimizer.h"

namespace baton {

struct AdamWFactors {
  float gradient_scale;
  float beta1;
  float one_minus_beta1;
  float beta2;
  float one_minus_beta2;
  float inverse_correction1;
  float inverse_correction2;
  float epsilon;
  float learning_rate;
  float decay_factor;  // 1 − learning_rate · weight_decay, for parameters that decay
};

// Worked out in double: 1 − β₂ of 0.999 has few digits in float.
BATON_HOST_DEVICE inline AdamWFactors MakeAdamWFactors(const UpdateControl& control, double gradient_scale) {
  const double step = static_cast<double>(control.step);
  AdamWFactors factors;
  factors.gradient_scale = static_cast<float>(gradient_scale);
  factors.beta1 = static_cast<float>(control.beta1);
  factors.one_minus_beta1 = static_cast<float>(1 - control.beta1);
  factors.beta2 = static_cast<float>(control.beta2);
  factors.one_minus_beta2 = static_cast<float>(1 - control.beta2);
  factors.inverse_correction1 = static_cast<float>(1 / (1 - pow(control.beta1, step)));
  factors.inverse_correction2 = static_cast<float>(1 / (1 - pow(control.beta2, step)));
  factors.epsilon = static_cast<float>(control.epsilon);
  factors.learning_rate = static_cast<float>(control.learning_rate);
  factors.decay_factor = static_cast<float>(1 - control.learning_rate * control.weight_decay);
  return factors;
}

struct AdamWElement {
  float value;
  float first_moment;
  float second_moment;
};

// Optimizer::Update's formulas. `decay_factor` is 1 for a parameter that does not decay.
BATON_HOST_DEVICE inline AdamWElement UpdateByAdamW(const AdamWFactors& f, float decay_factor, AdamWElement before,
                                                    float gradient) {
  const float g = f.gradient_scale * gradient;
  AdamWElement after;
  after.first_moment = f.beta1 * before.first_moment + f.one_minus_beta1 * g;
  after.second_moment = f.beta2 * before.second_moment + f.one_minus_beta2 * g * g;
  const float update =
      after.first_moment * f.inverse_correction1 / (sqrtf(after.second_moment * f.inverse_correction2) + f.epsilon);
  after.value = before.value * decay_factor - f.learning_rate * update;
  return after;
}

}  // namespace baton

#endif  // BATON_OPS_CUDA_FORMULAS_ADAMW_H_
