// The values and derivatives of activations, in double. Used by the reference's activations and gates.
#ifndef BATON_OPS_REFERENCE_ACTIVATION_FORMULAS_H_
#define BATON_OPS_REFERENCE_ACTIVATION_FORMULAS_H_

#include <cmath>

#include "ops/layers/spec.h"

namespace baton {

// The argument of tanh in the GELU's approximation (Hendrycks and Gimpel 2016).
inline double TanhGeluArgument(double x) { return std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x); }
inline double NormalCdf(double x) { return 0.5 * std::erfc(-x * std::sqrt(0.5)); }
inline double NormalDensity(double x) { return std::exp(-0.5 * x * x) / std::sqrt(2 * std::acos(-1.0)); }
inline double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

inline double ActivationValue(ActivationKind kind, double x) {
  switch (kind) {
    case ActivationKind::kRelu:
      return x > 0 ? x : 0;
    case ActivationKind::kGelu:
      return x * NormalCdf(x);
    case ActivationKind::kGeluTanh:
      return 0.5 * x * (1 + std::tanh(TanhGeluArgument(x)));
    case ActivationKind::kSilu:
      return x * Sigmoid(x);
  }
  return 0;
}

inline double ActivationSlope(ActivationKind kind, double x) {
  switch (kind) {
    case ActivationKind::kRelu:
      return x > 0 ? 1 : 0;
    case ActivationKind::kGelu:
      return NormalCdf(x) + x * NormalDensity(x);
    case ActivationKind::kGeluTanh: {
      const double tanh = std::tanh(TanhGeluArgument(x));
      const double argument_slope = std::sqrt(2 / std::acos(-1.0)) * (1 + 3 * 0.044715 * x * x);
      return 0.5 * (1 + tanh) + 0.5 * x * (1 - tanh * tanh) * argument_slope;
    }
    case ActivationKind::kSilu:
      return Sigmoid(x) * (1 + x * (1 - Sigmoid(x)));
  }
  return 0;
}

}  // namespace baton

#endif  // BATON_OPS_REFERENCE_ACTIVATION_FORMULAS_H_
