// ReLU and both GELUs as plain loops. Used only by ReferenceBackend.
#ifndef BATON_OPS_REFERENCE_ACTIVATION_H_
#define BATON_OPS_REFERENCE_ACTIVATION_H_

#include <cmath>
#include <utility>

#include "ops/layers/primitive_layer.h"

namespace baton {

// T: float or double.
template <typename T>
class ReferenceActivation final : public PrimitiveLayer {
 public:
  ReferenceActivation(LayerInfo info, const ActivationSpec& spec)
      : PrimitiveLayer(std::move(info), Footprint{}), kind_(spec.kind) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const T* x = reinterpret_cast<const T*>(buffers.input);
    T* y = reinterpret_cast<T*>(buffers.output);
    for (int64_t i = 0; i < input_shape().NumElements(); ++i) {
      y[i] = static_cast<T>(Value(x[i]));
    }
    return absl::OkStatus();
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    const T* x = reinterpret_cast<const T*>(buffers.input);
    const T* dy = reinterpret_cast<const T*>(buffers.grad_output);
    T* dx = reinterpret_cast<T*>(buffers.grad_input);
    for (int64_t i = 0; i < input_shape().NumElements(); ++i) {
      dx[i] = static_cast<T>(dy[i] * Slope(x[i]));
    }
    return absl::OkStatus();
  }

 private:
  double Value(double x) const {
    switch (kind_) {
      case ActivationKind::kRelu:
        return x > 0 ? x : 0;
      case ActivationKind::kGelu:
        return x * NormalCdf(x);
      case ActivationKind::kGeluTanh:
        return 0.5 * x * (1 + std::tanh(Inner(x)));
    }
    return 0;
  }
  double Slope(double x) const {
    switch (kind_) {
      case ActivationKind::kRelu:
        return x > 0 ? 1 : 0;
      case ActivationKind::kGelu:
        return NormalCdf(x) + x * NormalDensity(x);
      case ActivationKind::kGeluTanh: {
        const double tanh = std::tanh(Inner(x));
        const double inner_slope = std::sqrt(2 / std::acos(-1.0)) * (1 + 3 * 0.044715 * x * x);
        return 0.5 * (1 + tanh) + 0.5 * x * (1 - tanh * tanh) * inner_slope;
      }
    }
    return 0;
  }
  // The argument of tanh in the GELU's approximation (Hendrycks and Gimpel 2016).
  static double Inner(double x) { return std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x); }
  static double NormalCdf(double x) { return 0.5 * std::erfc(-x * std::sqrt(0.5)); }
  static double NormalDensity(double x) { return std::exp(-0.5 * x * x) / std::sqrt(2 * std::acos(-1.0)); }

  const ActivationKind kind_;
};

}  // namespace baton

#endif  // BATON_OPS_REFERENCE_ACTIVATION_H_
