// Linear as plain loops. Used only by ReferenceBackend.
#ifndef BATON_OPS_REFERENCE_LINEAR_H_
#define BATON_OPS_REFERENCE_LINEAR_H_

#include <utility>

#include "ops/layers/primitive_layer.h"

namespace baton {

// T: float or double. Sums are in double.
template <typename T>
class ReferenceLinear final : public PrimitiveLayer {
 public:
  ReferenceLinear(LayerInfo info, const LinearSpec& spec)
      : PrimitiveLayer(std::move(info), Footprint{}),
        inputs_(spec.inputs),
        outputs_(spec.outputs),
        bias_(spec.bias),
        adds_bias_(spec.bias && spec.adds_bias) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const T* x = reinterpret_cast<const T*>(buffers.input);
    T* y = reinterpret_cast<T*>(buffers.output);
    const T* weight = Value<T>(0);
    for (int64_t row = 0; row < NumRows(input_shape()); ++row) {
      for (int64_t o = 0; o < outputs_; ++o) {
        double sum = adds_bias_ ? Value<T>(1)[o] : 0;
        for (int64_t i = 0; i < inputs_; ++i) {
          sum += static_cast<double>(x[row * inputs_ + i]) * weight[o * inputs_ + i];
        }
        y[row * outputs_ + o] = static_cast<T>(sum);
      }
    }
    return absl::OkStatus();
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    const T* dy = reinterpret_cast<const T*>(buffers.grad_output);
    T* dx = reinterpret_cast<T*>(buffers.grad_input);
    const T* weight = Value<T>(0);
    for (int64_t row = 0; row < NumRows(input_shape()); ++row) {
      for (int64_t i = 0; i < inputs_; ++i) {
        double sum = 0;
        for (int64_t o = 0; o < outputs_; ++o) {
          sum += static_cast<double>(dy[row * outputs_ + o]) * weight[o * inputs_ + i];
        }
        dx[row * inputs_ + i] = static_cast<T>(sum);
      }
    }
    return absl::OkStatus();
  }

  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override {
    const T* x = reinterpret_cast<const T*>(buffers.input);
    const T* dy = reinterpret_cast<const T*>(buffers.grad_output);
    T* weight_gradient = Gradient<T>(0);
    const int64_t rows = NumRows(input_shape());
    for (int64_t o = 0; o < outputs_; ++o) {
      for (int64_t i = 0; i < inputs_; ++i) {
        double sum = 0;
        for (int64_t row = 0; row < rows; ++row) {
          sum += static_cast<double>(dy[row * outputs_ + o]) * x[row * inputs_ + i];
        }
        weight_gradient[o * inputs_ + i] += static_cast<T>(sum);
      }
      if (!bias_) continue;
      double sum = 0;
      for (int64_t row = 0; row < rows; ++row) sum += dy[row * outputs_ + o];
      Gradient<T>(1)[o] += static_cast<T>(sum);
    }
    return absl::OkStatus();
  }

 private:
  const int64_t inputs_;
  const int64_t outputs_;
  const bool bias_;
  const bool adds_bias_;
};

}  // namespace baton

#endif  // BATON_OPS_REFERENCE_LINEAR_H_
