// Gates (Shazeer 2020) as plain loops. Used only by ReferenceBackend.
#ifndef BATON_OPS_REFERENCE_GATE_H_
#define BATON_OPS_REFERENCE_GATE_H_

#include <utility>

#include "ops/layers/primitive_layer.h"
#include "ops/reference/activation_formulas.h"

namespace baton {

// T: float or double. Saves nothing.
template <typename T>
class ReferenceGate final : public PrimitiveLayer {
 public:
  ReferenceGate(LayerInfo info, const GateSpec& spec)
      : PrimitiveLayer(std::move(info), Footprint{}), kind_(spec.kind), width_(output_shape().extents().back()) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const T* x = reinterpret_cast<const T*>(buffers.input);
    T* y = reinterpret_cast<T*>(buffers.output);
    for (int64_t row = 0; row < NumRows(output_shape()); ++row, x += 2 * width_, y += width_) {
      for (int64_t c = 0; c < width_; ++c) y[c] = static_cast<T>(ActivationValue(kind_, x[c]) * x[width_ + c]);
    }
    return absl::OkStatus();
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    const T* x = reinterpret_cast<const T*>(buffers.input);
    const T* dy = reinterpret_cast<const T*>(buffers.grad_output);
    T* dx = reinterpret_cast<T*>(buffers.grad_input);
    for (int64_t row = 0; row < NumRows(output_shape()); ++row, x += 2 * width_, dx += 2 * width_, dy += width_) {
      for (int64_t c = 0; c < width_; ++c) {
        dx[c] = static_cast<T>(dy[c] * x[width_ + c] * ActivationSlope(kind_, x[c]));
        dx[width_ + c] = static_cast<T>(dy[c] * ActivationValue(kind_, x[c]));
      }
    }
    return absl::OkStatus();
  }

 private:
  const ActivationKind kind_;
  const int64_t width_;
};

}  // namespace baton

#endif  // BATON_OPS_REFERENCE_GATE_H_
