// Group norm (Wu and He 2018) and batch norm (Ioffe and Szegedy 2015) as plain loops: both normalize sets of planes,
// the pixels of one channel of one example. Used only by ReferenceBackend.
#ifndef BATON_OPS_REFERENCE_IMAGE_NORM_H_
#define BATON_OPS_REFERENCE_IMAGE_NORM_H_

#include <algorithm>
#include <cmath>
#include <vector>

#include "ops/layers/primitive_layer.h"

namespace baton {

// T: float or double. saved: mean and variance of each set; stash: the gradients of weight and bias, then, of batch
// norm, mean and unbiased variance.
template <typename T>
class ReferenceImageNorm final : public PrimitiveLayer {
 public:
  ReferenceImageNorm(const LayerInfo& info, const GroupNormSpec& spec)
      : PrimitiveLayer(info, FootprintOf(info.input_shape[0] * spec.groups, spec.channels)),
        groups_(spec.groups),
        epsilon_(spec.epsilon),
        batch_(false),
        frozen_(false) {}
  ReferenceImageNorm(const LayerInfo& info, const BatchNormSpec& spec)
      : PrimitiveLayer(info, FootprintOf(spec.channels, spec.channels)),
        groups_(spec.channels),
        epsilon_(spec.epsilon),
        batch_(true),
        frozen_(spec.statistics == BatchStatistics::kFrozen) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const T* x = reinterpret_cast<const T*>(buffers.input);
    T* y = reinterpret_cast<T*>(buffers.output);
    T* saved = reinterpret_cast<T*>(buffers.saved);
    for (int64_t set = 0; set < NumSets(); ++set) {
      double mean = 0, variance = 0;
      if (UsesRunning(buffers)) {
        mean = Value<T>(2)[set];
        variance = Value<T>(3)[set];
      } else {
        ForEachElement(set, [&](int64_t i, int64_t) { mean += x[i] / SetSize(); });
        ForEachElement(set, [&](int64_t i, int64_t) { variance += (x[i] - mean) * (x[i] - mean) / SetSize(); });
      }
      saved[set] = static_cast<T>(mean);
      saved[NumSets() + set] = static_cast<T>(variance);
      const double inverse = 1 / std::sqrt(variance + epsilon_);
      ForEachElement(set, [&](int64_t i, int64_t channel) {
        y[i] = static_cast<T>((x[i] - mean) * inverse * Value<T>(0)[channel] + Value<T>(1)[channel]);
      });
    }
    return absl::OkStatus();
  }

  // With x̂ normalized and g = weight · dy: dx = (g − mean(g) − x̂ · mean(g · x̂)) / σ, or g / σ for constant statistics.
  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    const T* x = reinterpret_cast<const T*>(buffers.input);
    const T* dy = reinterpret_cast<const T*>(buffers.grad_output);
    const T* saved = reinterpret_cast<const T*>(buffers.saved);
    T* dx = reinterpret_cast<T*>(buffers.grad_input);
    const int64_t channels = input_shape()[1];
    std::vector<double> stash(NumStashed() * channels);
    for (int64_t set = 0; set < NumSets(); ++set) {
      const double mean = saved[set], variance = saved[NumSets() + set];
      const double inverse = 1 / std::sqrt(variance + epsilon_);
      double mean_g = 0, mean_gx = 0;
      ForEachElement(set, [&](int64_t i, int64_t channel) {
        const double normalized = (x[i] - mean) * inverse;
        const double g = static_cast<double>(dy[i]) * Value<T>(0)[channel];
        mean_g += g / SetSize();
        mean_gx += g * normalized / SetSize();
        stash[channel] += dy[i] * normalized;
        stash[channels + channel] += dy[i];
      });
      if (batch_) {
        stash[2 * channels + set] = mean;
        stash[3 * channels + set] = variance * SetSize() / std::max(SetSize() - 1, 1.0);
      }
      if (UsesRunning(buffers)) mean_g = mean_gx = 0;
      if (dx == nullptr) continue;
      ForEachElement(set, [&](int64_t i, int64_t channel) {
        const double g = static_cast<double>(dy[i]) * Value<T>(0)[channel];
        dx[i] = static_cast<T>((g - mean_g - (x[i] - mean) * inverse * mean_gx) * inverse);
      });
    }
    std::copy(stash.begin(), stash.end(), reinterpret_cast<T*>(buffers.stash));
    return absl::OkStatus();
  }

  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override {
    const T* stash = reinterpret_cast<const T*>(buffers.stash);
    const int64_t channels = input_shape()[1];
    const int trained = batch_ && !frozen_ ? 4 : 2;
    for (int parameter = 0; parameter < trained; ++parameter) {
      for (int64_t c = 0; c < channels; ++c) Gradient<T>(parameter)[c] += stash[parameter * channels + c];
    }
    return absl::OkStatus();
  }

 private:
  static Footprint FootprintOf(int64_t sets, int64_t channels) {
    Footprint footprint;
    footprint.saved = AlignUp(2 * sets * static_cast<Bytes>(sizeof(T)));
    footprint.stash = AlignUp(4 * channels * static_cast<Bytes>(sizeof(T)));
    return footprint;
  }

  bool UsesRunning(const PassBuffers& buffers) const {
    return batch_ && (frozen_ || buffers.step == nullptr || !buffers.step->training);
  }
  int64_t NumStashed() const { return batch_ ? 4 : 2; }
  // A set is a channel of a batch, or a group of channels of an example.
  int64_t NumSets() const { return batch_ ? groups_ : input_shape()[0] * groups_; }
  double SetSize() const { return static_cast<double>(input_shape().NumElements() / NumSets()); }

  // Calls function(element, its channel) for each element of a set.
  template <typename Function>
  void ForEachElement(int64_t set, Function function) const {
    const int64_t channels = input_shape()[1], pixels = input_shape()[2] * input_shape()[3];
    const int64_t of_group = channels / groups_;
    const int64_t begin = batch_ ? 0 : set / groups_, end = batch_ ? input_shape()[0] : begin + 1;
    for (int64_t example = begin; example < end; ++example) {
      for (int64_t channel = set % groups_ * of_group; channel < (set % groups_ + 1) * of_group; ++channel) {
        for (int64_t pixel = 0; pixel < pixels; ++pixel) {
          function((example * channels + channel) * pixels + pixel, channel);
        }
      }
    }
  }

  const int64_t groups_;
  const double epsilon_;
  const bool batch_;
  const bool frozen_;
};

}  // namespace baton

#endif  // BATON_OPS_REFERENCE_IMAGE_NORM_H_
