// ReLU and both GELUs as plain loops. Used only by ReferenceBackend.
#ifndef BATON_OPS_REFERENCE_ACTIVATION_H_
#define BATON_OPS_REFERENCE_ACTIVATION_H_

#include <utility>

#include "ops/layers/primitive_layer.h"
#include "ops/reference/activation_formulas.h"

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
      y[i] = static_cast<T>(ActivationValue(kind_, x[i]));
    }
    return absl::OkStatus();
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    const T* x = reinterpret_cast<const T*>(buffers.input);
    const T* dy = reinterpret_cast<const T*>(buffers.grad_output);
    T* dx = reinterpret_cast<T*>(buffers.grad_input);
    for (int64_t i = 0; i < input_shape().NumElements(); ++i) {
      dx[i] = static_cast<T>(dy[i] * ActivationSlope(kind_, x[i]));
    }
    return absl::OkStatus();
  }

 private:
  const ActivationKind kind_;
};

}  // namespace baton

#endif  // BATON_OPS_REFERENCE_ACTIVATION_H_
