// AdamW for one element in f32, and the factors that all elements of an update share. Used by the optimizers of
// ops/host and, inside kernels, of ops/cuda. The reference does not use it: it computes in double from the paper's
// formulas, so that tests/conformance compares two independent implementations.
#ifndef BATON_OPS_OPTIMIZER_ADAMW_H_
#define BATON_OPS_OPTIMIZER_ADAMW_H_

#include <cmath>

#include "base/host_device_function.h"
#include "ops/optimizer/optimizer.h"

namespace baton {

struct AdamWFactors {
  bool applies;          // false if the gradient norm is not finite: values and moments then stay as they are
  float gradient_scale;  // from ClipScale
  float beta1;
  float one_minus_beta1;
  float beta2;
  float one_minus_beta2;
  float inverse_correction1;  // 1 / (1 − β₁^step): removes the bias of the first moment
  float inverse_correction2;  // 1 / (1 − β₂^step)
  float epsilon;
  float learning_rate;
  float decay_factor;  // 1 − learning_rate · weight_decay; only for parameters that decay
  uint64_t seed;       // of stochastic rounding, and the update that it is for
  int64_t update;
};

// Computes in double, then rounds: 1 − β₂ loses most of its digits in float for β₂ near 1.
BATON_HOST_DEVICE inline AdamWFactors MakeAdamWFactors(const UpdateControl& control, double gradient_scale) {
  const double step = static_cast<double>(control.step);
  AdamWFactors factors;
  factors.applies = true;
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
  factors.seed = control.seed;
  factors.update = control.step;
  return factors;
}

struct AdamWElement {
  float value;
  float first_moment;
  float second_moment;
};

// Returns the element after one update by Optimizer::Update's formulas. `decay_factor`: factors.decay_factor, or 1 for
// a parameter that does not decay. Straight-line code, so that loops around it vectorise.
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

#endif  // BATON_OPS_OPTIMIZER_ADAMW_H_
