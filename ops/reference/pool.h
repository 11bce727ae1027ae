// Pooling and global averages as plain loops. Used only by ReferenceBackend.
#ifndef BATON_OPS_REFERENCE_POOL_H_
#define BATON_OPS_REFERENCE_POOL_H_

#include <algorithm>

#include "ops/layers/primitive_layer.h"

namespace baton {

// T: float or double. saved, of a maximum: the number of the largest pixel in its plane, as T. The first of equal ones
// counts.
template <typename T>
class ReferencePool final : public PrimitiveLayer {
 public:
  ReferencePool(const LayerInfo& info, const PoolSpec& spec)
      : PrimitiveLayer(info, FootprintOf(info, spec)), spec_(spec) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const T* x = reinterpret_cast<const T*>(buffers.input);
    T* y = reinterpret_cast<T*>(buffers.output);
    for (int64_t output = 0; output < output_shape().NumElements(); ++output) {
      double sum = 0;
      int64_t largest = -1;
      ForEachPixel(output, [&](int64_t pixel) {
        sum += x[pixel];
        if (largest < 0 || x[pixel] > x[largest]) largest = pixel;
      });
      y[output] = spec_.kind == PoolKind::kMax ? x[largest] : static_cast<T>(sum / (spec_.kernel * spec_.kernel));
      if (spec_.kind == PoolKind::kMax)
        reinterpret_cast<T*>(buffers.saved)[output] = static_cast<T>(largest % Pixels());
    }
    return absl::OkStatus();
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    const T* dy = reinterpret_cast<const T*>(buffers.grad_output);
    T* dx = reinterpret_cast<T*>(buffers.grad_input);
    std::fill_n(dx, input_shape().NumElements(), T{0});
    for (int64_t output = 0; output < output_shape().NumElements(); ++output) {
      if (spec_.kind == PoolKind::kMax) {
        const int64_t plane = output / (output_shape()[2] * output_shape()[3]);
        dx[plane * Pixels() + static_cast<int64_t>(reinterpret_cast<const T*>(buffers.saved)[output])] += dy[output];
      } else {
        ForEachPixel(output, [&](int64_t pixel) { dx[pixel] += dy[output] / (spec_.kernel * spec_.kernel); });
      }
    }
    return absl::OkStatus();
  }

 private:
  static Footprint FootprintOf(const LayerInfo& info, const PoolSpec& spec) {
    Footprint footprint;
    if (spec.kind == PoolKind::kMax) footprint.saved = AlignUp(info.output_shape.NumBytes());
    return footprint;
  }

  int64_t Pixels() const { return input_shape()[2] * input_shape()[3]; }

  // Calls function(element of the input) for each pixel of the window of an element of the output.
  template <typename Function>
  void ForEachPixel(int64_t output, Function function) const {
    const Shape &in = input_shape(), &out = output_shape();
    const int64_t column = output % out[3], row = output / out[3] % out[2], plane = output / (out[3] * out[2]);
    for (int64_t i = 0; i < spec_.kernel * spec_.kernel; ++i) {
      const int64_t y = row * spec_.stride - spec_.padding + i / spec_.kernel;
      const int64_t x = column * spec_.stride - spec_.padding + i % spec_.kernel;
      if (y >= 0 && y < in[2] && x >= 0 && x < in[3]) function((plane * in[2] + y) * in[3] + x);
    }
  }

  const PoolSpec spec_;
};

// T: float or double.
template <typename T>
class ReferenceGlobalAverage final : public PrimitiveLayer {
 public:
  ReferenceGlobalAverage(const LayerInfo& info, const GlobalAverageSpec& spec) : PrimitiveLayer(info, Footprint{}) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const T* x = reinterpret_cast<const T*>(buffers.input);
    T* y = reinterpret_cast<T*>(buffers.output);
    std::fill_n(y, output_shape().NumElements(), T{0});
    for (int64_t i = 0; i < input_shape().NumElements(); ++i) y[MeanOf(i)] += x[i] / NumAveraged();
    return absl::OkStatus();
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    const T* dy = reinterpret_cast<const T*>(buffers.grad_output);
    T* dx = reinterpret_cast<T*>(buffers.grad_input);
    for (int64_t i = 0; i < input_shape().NumElements(); ++i) dx[i] = dy[MeanOf(i)] / NumAveraged();
    return absl::OkStatus();
  }

 private:
  // The element of the output to which an element of the input belongs.
  int64_t MeanOf(int64_t element) const {
    const Shape& in = input_shape();
    if (in.rank() == 4) return element / (in[2] * in[3]);
    return element / (in[1] * in[2]) * in[2] + element % in[2];
  }
  T NumAveraged() const { return static_cast<T>(input_shape().NumElements() / output_shape().NumElements()); }
};

}  // namespace baton

#endif  // BATON_OPS_REFERENCE_POOL_H_
