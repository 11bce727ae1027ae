// ReLU, the two GELUs, SiLU and their derivatives, for one element. Used by kernels/elementwise.cu.
#ifndef BATON_OPS_CUDA_FORMULAS_ACTIVATION_H_
#define BATON_OPS_CUDA_FORMULAS_ACTIVATION_H_

#include <cmath>

#include "base/host_device_function.h"

namespace baton {

struct ReluFormula {
  BATON_HOST_DEVICE static float Value(float x) { return x > 0.0f ? x : 0.0f; }
  BATON_HOST_DEVICE static float Slope(float x) { return x > 0.0f ? 1.0f : 0.0f; }
};

// x · Φ(x), where Φ is the normal distribution function (Hendrycks and Gimpel 2016). Computed by erfc, which is precise
// in the left tail.
struct GeluFormula {
  BATON_HOST_DEVICE static float Value(float x) { return x * Cdf(x); }
  BATON_HOST_DEVICE static float Slope(float x) {
    constexpr float kInverseSqrtTwoPi = 0.39894228040143267794f;
    return Cdf(x) + x * kInverseSqrtTwoPi * expf(-0.5f * x * x);
  }

 private:
  BATON_HOST_DEVICE static float Cdf(float x) { return 0.5f * erfcf(-0.70710678118654752440f * x); }
};

// The tanh approximation of the same paper, which GPT-2 uses: x · (1 + tanh u) / 2 with u = √(2/π) (x + 0.044715 x³).
// Computed by the logistic function, since (1 + tanh u) / 2 = 1 / (1 + e^(−2u)).
struct GeluTanhFormula {
  BATON_HOST_DEVICE static float Value(float x) { return x * Gate(x); }
  BATON_HOST_DEVICE static float Slope(float x) {
    const float gate = Gate(x);
    const float slope_of_twice_u = 2.0f * kRootTwoOverPi * (1.0f + 3.0f * kCubic * x * x);
    return gate + x * gate * (1.0f - gate) * slope_of_twice_u;
  }

 private:
  static constexpr float kRootTwoOverPi = 0.79788456080286535588f;
  static constexpr float kCubic = 0.044715f;

  BATON_HOST_DEVICE static float Gate(float x) {
    return 1.0f / (1.0f + expf(-2.0f * kRootTwoOverPi * (x + kCubic * x * x * x)));
  }
};

// x · logistic(x) (Elfwing et al. 2017).
struct SiluFormula {
  BATON_HOST_DEVICE static float Value(float x) { return x * Logistic(x); }
  BATON_HOST_DEVICE static float Slope(float x) {
    const float logistic = Logistic(x);
    return logistic + x * logistic * (1.0f - logistic);
  }

 private:
  BATON_HOST_DEVICE static float Logistic(float x) { return 1.0f / (1.0f + expf(-x)); }
};

}  // namespace baton

#endif  // BATON_OPS_CUDA_FORMULAS_ACTIVATION_H_
