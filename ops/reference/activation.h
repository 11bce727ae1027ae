// ReLU and GELU as plain loops. Used by ReferenceBackend alone.
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

  absl::Status Forward(KernelStream stream, const LayerBuffers& buffers) override {
    const T* x = reinterpret_cast<const T*>(buffers.input);
    T* y = reinterpret_cast<T*>(buffers.output);
    for (int64_t i = 0; i < input_shape().NumElements(); ++i) {
      y[i] = static_cast<T>(kind_ == ActivationKind::kRelu ? (x[i] > 0 ? x[i] : 0) : x[i] * NormalCdf(x[i]));
    }
    return absl::OkStatus();
  }

  absl::Status BackwardInput(KernelStream stream, const LayerBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    const T* x = reinterpret_cast<const T*>(buffers.input);
    const T* dy = reinterpret_cast<const T*>(buffers.grad_output);
    T* dx = reinterpret_cast<T*>(buffers.grad_input);
    for (int64_t i = 0; i < input_shape().NumElements(); ++i) {
      const double derivative =
          kind_ == ActivationKind::kRelu ? (x[i] > 0 ? 1 : 0) : NormalCdf(x[i]) + x[i] * NormalDensity(x[i]);
      dx[i] = static_cast<T>(dy[i] * derivative);
    }
    return absl::OkStatus();
  }

 private:
  static double NormalCdf(double x) { return 0.5 * std::erfc(-x * std::sqrt(0.5)); }
  static double NormalDensity(double x) { return std::exp(-0.5 * x * x) / std::sqrt(2 * std::acos(-1.0)); }

  const ActivationKind kind_;
};

}  // namespace baton

#endif  // BATON_OPS_REFERENCE_ACTIVATION_H_
