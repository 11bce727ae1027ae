// Layer normalisation (Ba, Kiros and Hinton 2016) as plain loops. Used only by ReferenceBackend.
#ifndef BATON_OPS_REFERENCE_LAYER_NORM_H_
#define BATON_OPS_REFERENCE_LAYER_NORM_H_

#include <cmath>
#include <utility>

#include "ops/layers/primitive_layer.h"

namespace baton {

// T: float or double. saved: mean and 1/σ of each row; stash: the gradients of weight and bias.
template <typename T>
class ReferenceLayerNorm final : public PrimitiveLayer {
 public:
  ReferenceLayerNorm(const LayerInfo& info, const LayerNormSpec& spec)
      : PrimitiveLayer(info, FootprintOf(info, spec)), width_(spec.width), epsilon_(spec.epsilon) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const T* x = reinterpret_cast<const T*>(buffers.input);
    T* y = reinterpret_cast<T*>(buffers.output);
    T* statistics = reinterpret_cast<T*>(buffers.saved);
    for (int64_t row = 0; row < NumRows(input_shape()); ++row, x += width_, y += width_) {
      double mean = 0;
      for (int64_t c = 0; c < width_; ++c) mean += x[c];
      mean /= width_;
      double variance = 0;
      for (int64_t c = 0; c < width_; ++c) variance += (x[c] - mean) * (x[c] - mean);
      const double inverse_deviation = 1 / std::sqrt(variance / width_ + epsilon_);
      statistics[2 * row] = static_cast<T>(mean);
      statistics[2 * row + 1] = static_cast<T>(inverse_deviation);
      for (int64_t c = 0; c < width_; ++c) {
        y[c] = static_cast<T>((x[c] - mean) * inverse_deviation * Value<T>(0)[c] + Value<T>(1)[c]);
      }
    }
    return absl::OkStatus();
  }

  // With x̂ = (x − mean)/σ and g = weight · dy: dx = (g − mean(g) − x̂ · mean(g · x̂)) / σ.
  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    const T* x = reinterpret_cast<const T*>(buffers.input);
    const T* dy = reinterpret_cast<const T*>(buffers.grad_output);
    const T* statistics = reinterpret_cast<const T*>(buffers.saved);
    T* dx = reinterpret_cast<T*>(buffers.grad_input);
    T* stash = reinterpret_cast<T*>(buffers.stash);
    for (int64_t c = 0; c < 2 * width_; ++c) stash[c] = 0;
    for (int64_t row = 0; row < NumRows(input_shape()); ++row) {
      const int64_t begin = row * width_;
      const auto normalized = [&](int64_t c) -> double {
        return (static_cast<double>(x[begin + c]) - statistics[2 * row]) * statistics[2 * row + 1];
      };
      double mean_g = 0;
      double mean_gx = 0;
      for (int64_t c = 0; c < width_; ++c) {
        const double g = static_cast<double>(Value<T>(0)[c]) * dy[begin + c];
        mean_g += g / width_;
        mean_gx += g * normalized(c) / width_;
        stash[c] += static_cast<T>(dy[begin + c] * normalized(c));
        stash[width_ + c] += dy[begin + c];
      }
      if (dx == nullptr) continue;
      for (int64_t c = 0; c < width_; ++c) {
        const double g = static_cast<double>(Value<T>(0)[c]) * dy[begin + c];
        dx[begin + c] = static_cast<T>((g - mean_g - normalized(c) * mean_gx) * statistics[2 * row + 1]);
      }
    }
    return absl::OkStatus();
  }

  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override {
    const T* stash = reinterpret_cast<const T*>(buffers.stash);
    for (int64_t c = 0; c < width_; ++c) {
      Gradient<T>(0)[c] += stash[c];
      Gradient<T>(1)[c] += stash[width_ + c];
    }
    return absl::OkStatus();
  }

 private:
  static Footprint FootprintOf(const LayerInfo& info, const LayerNormSpec& spec) {
    Footprint footprint;
    footprint.saved = AlignUp(2 * NumRows(info.input_shape) * static_cast<Bytes>(sizeof(T)));
    footprint.stash = AlignUp(2 * spec.width * static_cast<Bytes>(sizeof(T)));
    return footprint;
  }

  const int64_t width_;
  const double epsilon_;
};

}  // namespace baton

#endif  // BATON_OPS_REFERENCE_LAYER_NORM_H_
