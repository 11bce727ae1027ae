// Activations of one element as types, so that loops over them are compiled for each. Used by gate.cc and
// feed_forward.cc.
//
//   template <typename Activation> … { const ValueAndSlope at = Activation::At(x[i]); }
#ifndef BATON_OPS_HOST_ACTIVATION_FORMULAS_H_
#define BATON_OPS_HOST_ACTIVATION_FORMULAS_H_

#include "ops/host/simd.h"

namespace baton {

struct ValueAndSlope {
  float value;
  float slope;  // the derivative
};

BATON_ALWAYS_INLINE float Sigmoid(float x) { return 1.0f / (1.0f + VectorizableExp(-x)); }

struct Relu {
  static BATON_ALWAYS_INLINE ValueAndSlope At(float x) { return {x > 0.0f ? x : 0.0f, x > 0.0f ? 1.0f : 0.0f}; }
};

struct Silu {
  static BATON_ALWAYS_INLINE ValueAndSlope At(float x) {
    const float sigmoid = Sigmoid(x);
    return {x * sigmoid, sigmoid * (1.0f + x * (1.0f - sigmoid))};
  }
};

// With u = √(2/π) (x + 0.044715 x³): 0.5 x (1 + tanh u) = x · sigmoid(2u).
struct GeluTanh {
  static constexpr float kTwiceRoot = 1.5957691216057308f;  // 2 √(2/π)
  static BATON_ALWAYS_INLINE ValueAndSlope At(float x) {
    const float sigmoid = Sigmoid(kTwiceRoot * (x + 0.044715f * x * x * x));
    return {x * sigmoid, sigmoid + x * sigmoid * (1.0f - sigmoid) * kTwiceRoot * (1.0f + 3.0f * 0.044715f * x * x)};
  }
};

// x · Φ(x), where Φ is the normal distribution's. erfc(|x|/√2) within 1.5e-7, by Abramowitz and Stegun, formula
// 7.1.26; its exponential is the density's, too.
struct Gelu {
  static BATON_ALWAYS_INLINE ValueAndSlope At(float x) {
    const float size = x < 0.0f ? -x : x;
    const float exponential = VectorizableExp(-0.5f * x * x);
    const float t = 1.0f / (1.0f + 0.3275911f * 0.70710678f * size);
    float p = 1.061405429f;
    p = p * t - 1.453152027f;
    p = p * t + 1.421413741f;
    p = p * t - 0.284496736f;
    p = p * t + 0.254829592f;
    const float tail = 0.5f * p * t * exponential;
    const float distribution = x < 0.0f ? tail : 1.0f - tail;
    return {x * distribution, distribution + x * 0.39894228f * exponential};
  }
};

}  // namespace baton

#endif  // BATON_OPS_HOST_ACTIVATION_FORMULAS_H_
