// Root-mean-square normalisation (Zhang and Sennrich 2019) as plain loops. Used only by ReferenceBackend.
#ifndef BATON_OPS_REFERENCE_RMS_NORM_H_
#define BATON_OPS_REFERENCE_RMS_NORM_H_

#include <algorithm>
#include <cmath>

#include "ops/layers/primitive_layer.h"

namespace baton {

// T: float or double. saved: 1/rms of each run; stash: the gradient of the weight.
template <typename T>
class ReferenceRmsNorm final : public PrimitiveLayer {
 public:
  ReferenceRmsNorm(const LayerInfo& info, const RmsNormSpec& spec)
      : PrimitiveLayer(info, FootprintOf(info, spec)), spec_(spec) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const T* x = reinterpret_cast<const T*>(buffers.input);
    T* y = reinterpret_cast<T*>(buffers.output);
    std::copy_n(x, input_shape().NumElements(), y);
    ForEachRun([&](int64_t run, int64_t begin) {
      double sum = 0;
      for (int64_t c = 0; c < spec_.width; ++c) sum += static_cast<double>(x[begin + c]) * x[begin + c];
      const double inverse = 1 / std::sqrt(sum / spec_.width + spec_.epsilon);
      reinterpret_cast<T*>(buffers.saved)[run] = static_cast<T>(inverse);
      for (int64_t c = 0; c < spec_.width; ++c) y[begin + c] = static_cast<T>(x[begin + c] * inverse * Value<T>(0)[c]);
    });
    return absl::OkStatus();
  }

  // With x̂ = x / rms and g = weight · dy: dx = (g − x̂ · mean(g · x̂)) / rms.
  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    const T* x = reinterpret_cast<const T*>(buffers.input);
    const T* dy = reinterpret_cast<const T*>(buffers.grad_output);
    T* dx = reinterpret_cast<T*>(buffers.grad_input);
    T* stash = reinterpret_cast<T*>(buffers.stash);
    std::fill_n(stash, spec_.width, T{0});
    if (dx != nullptr) std::copy_n(dy, input_shape().NumElements(), dx);
    ForEachRun([&](int64_t run, int64_t begin) {
      const double inverse = reinterpret_cast<const T*>(buffers.saved)[run];
      double mean = 0;
      for (int64_t c = 0; c < spec_.width; ++c) {
        const double product = dy[begin + c] * (x[begin + c] * inverse);
        mean += Value<T>(0)[c] * product / spec_.width;
        stash[c] += static_cast<T>(product);
      }
      if (dx == nullptr) return;
      for (int64_t c = 0; c < spec_.width; ++c) {
        const double g = static_cast<double>(Value<T>(0)[c]) * dy[begin + c];
        dx[begin + c] = static_cast<T>((g - x[begin + c] * inverse * mean) * inverse);
      }
    });
    return absl::OkStatus();
  }

  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override {
    const T* stash = reinterpret_cast<const T*>(buffers.stash);
    for (int64_t c = 0; c < spec_.width; ++c) Gradient<T>(0)[c] += stash[c];
    return absl::OkStatus();
  }

 private:
  static Footprint FootprintOf(const LayerInfo& info, const RmsNormSpec& spec) {
    Footprint footprint;
    footprint.saved = AlignUp(NumRows(info.input_shape) * spec.runs * static_cast<Bytes>(sizeof(T)));
    footprint.stash = AlignUp(spec.width * static_cast<Bytes>(sizeof(T)));
    return footprint;
  }

  // Calls function(number of the run, its first element).
  template <typename Function>
  void ForEachRun(Function function) const {
    const int64_t row_width = input_shape().extents().back();
    for (int64_t row = 0; row < NumRows(input_shape()); ++row) {
      for (int64_t run = 0; run < spec_.runs; ++run) {
        function(row * spec_.runs + run, row * row_width + spec_.begin + run * spec_.width);
      }
    }
  }

  const RmsNormSpec spec_;
};

}  // namespace baton

#endif  // BATON_OPS_REFERENCE_RMS_NORM_H_
