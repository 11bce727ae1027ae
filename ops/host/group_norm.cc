// Group norm by vectorised loops over planes; oneDNN has it only from version 3.2 on.
#include "ops/host/group_norm.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/status.h"
#include "ops/host/parallel.h"
#include "ops/host/simd.h"
#include "ops/host/support.h"
#include "ops/host/vectors.h"
#include "ops/layers/primitive_layer.h"

namespace baton {
namespace {

// The number of partial sums: fixed, so that the order of a sum is the same for every vector width.
constexpr int kPartialSums = 16;

struct Sums {
  double first = 0;
  double second = 0;
};

// Σ a[i] and Σ a[i] · b[i], of values shifted by `shift`: a[i] − shift if a and b are the same.
BATON_SIMD_CLONES
Sums SumAndProduct(int64_t count, const float* a, const float* b, double shift_a, double shift_b) {
  double first[kPartialSums] = {}, second[kPartialSums] = {};
  int64_t i = 0;
  for (; i + kPartialSums <= count; i += kPartialSums) {
#pragma omp simd
    for (int lane = 0; lane < kPartialSums; ++lane) {
      const double value = a[i + lane] - shift_a;
      first[lane] += value;
      second[lane] += value * (b[i + lane] - shift_b);
    }
  }
  for (int lane = 0; i < count; ++i, ++lane) {
    const double value = a[i] - shift_a;
    first[lane] += value;
    second[lane] += value * (b[i] - shift_b);
  }
  Sums sums;
  for (int lane = 0; lane < kPartialSums; ++lane) {
    sums.first += first[lane];
    sums.second += second[lane];
  }
  return sums;
}

// y ← scale · (x − mean) + shift. x, y: [count].
BATON_SIMD_CLONES
void ScaleAndShift(int64_t count, float mean, float scale, float shift, const float* __restrict x,
                   float* __restrict y) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) y[i] = scale * (x[i] - mean) + shift;
}

// dx ← scale · (weight · dy − mean_g) + scale_x · (x − mean). x, dy, dx: [count].
struct NormBackward {
  float scale, weight, mean_g, scale_x, mean;
};
BATON_SIMD_CLONES
void Combine(int64_t count, const NormBackward& factors, const float* __restrict dy, const float* __restrict x,
             float* __restrict dx) {
  const NormBackward f = factors;
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    dx[i] = f.scale * (f.weight * dy[i] - f.mean_g) + f.scale_x * (x[i] - f.mean);
  }
}

// saved: mean and 1/σ of each group of each example. stash: the gradients of weight, then of bias.
class HostGroupNorm final : public PrimitiveLayer {
 public:
  HostGroupNorm(int threads, LayerInfo info, const Footprint& footprint, const GroupNormSpec& spec)
      : PrimitiveLayer(std::move(info), footprint),
        threads_(threads),
        groups_(spec.groups),
        channels_(spec.channels),
        of_group_(spec.channels / spec.groups),
        sets_(input_shape()[0] * spec.groups),
        pixels_(input_shape()[2] * input_shape()[3]),
        epsilon_(spec.epsilon) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    ParallelFor(threads_, sets_, LeastPart(3 * of_group_ * pixels_ * SizeOf(DataType::kFloat32)),
                [&](int64_t begin, int64_t end, int) { NormalizeSets(buffers, begin, end); });
    return absl::OkStatus();
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    std::fill_n(Floats(buffers.stash), 2 * channels_, 0.0f);
    // By groups: the sums of a channel over the examples have one thread.
    const int64_t examples = sets_ / groups_;
    ParallelFor(threads_, groups_, LeastPart(4 * examples * of_group_ * pixels_ * SizeOf(DataType::kFloat32)),
                [&](int64_t begin, int64_t end, int) {
                  for (int64_t example = 0; example < examples; ++example) {
                    for (int64_t group = begin; group < end; ++group) BackwardSet(buffers, example * groups_ + group);
                  }
                });
    return absl::OkStatus();
  }

  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override {
    AddTo(channels_, Floats(buffers.stash), Gradient<float>(0));
    AddTo(channels_, Floats(buffers.stash) + channels_, Gradient<float>(1));
    return absl::OkStatus();
  }

 private:
  void NormalizeSets(const PassBuffers& buffers, int64_t begin, int64_t end) const {
    float* const saved = Floats(buffers.saved);
    const int64_t size = of_group_ * pixels_;
    for (int64_t set = begin; set < end; ++set) {
      const float* const x = Floats(buffers.input) + set * size;
      float* const y = Floats(buffers.output) + set * size;
      const double mean = SumAndProduct(size, x, x, 0, 0).first / static_cast<double>(size);
      const double variance = SumAndProduct(size, x, x, mean, mean).second / static_cast<double>(size);
      const double inverse = 1 / std::sqrt(variance + epsilon_);
      saved[2 * set] = static_cast<float>(mean);
      saved[2 * set + 1] = static_cast<float>(inverse);
      for (int64_t plane = 0; plane < of_group_; ++plane) {
        const int64_t channel = (set * of_group_ + plane) % channels_;
        ScaleAndShift(pixels_, static_cast<float>(mean), static_cast<float>(inverse * Value<float>(0)[channel]),
                      Value<float>(1)[channel], x + plane * pixels_, y + plane * pixels_);
      }
    }
  }

  // With x̂ normalized and g = weight · dy: dx = (g − mean(g) − x̂ · mean(g · x̂)) / σ.
  void BackwardSet(const PassBuffers& buffers, int64_t set) const {
    float* const grad_weight = Floats(buffers.stash);
    float* const grad_bias = grad_weight + channels_;
    const int64_t size = of_group_ * pixels_;
    const double mean = Floats(buffers.saved)[2 * set], inverse = Floats(buffers.saved)[2 * set + 1];
    double mean_g = 0, mean_gx = 0;
    for (int64_t plane = set * of_group_; plane < (set + 1) * of_group_; ++plane) {
      const int64_t channel = plane % channels_;
      const Sums sums = SumAndProduct(pixels_, Floats(buffers.grad_output) + plane * pixels_,
                                      Floats(buffers.input) + plane * pixels_, 0, mean);
      grad_weight[channel] += static_cast<float>(sums.second * inverse);
      grad_bias[channel] += static_cast<float>(sums.first);
      mean_g += Value<float>(0)[channel] * sums.first / static_cast<double>(size);
      mean_gx += Value<float>(0)[channel] * sums.second * inverse / static_cast<double>(size);
    }
    if (buffers.grad_input == nullptr) return;
    NormBackward factors;
    factors.scale = static_cast<float>(inverse);
    factors.mean_g = static_cast<float>(mean_g);
    factors.scale_x = static_cast<float>(-inverse * inverse * mean_gx);
    factors.mean = static_cast<float>(mean);
    for (int64_t plane = set * of_group_; plane < (set + 1) * of_group_; ++plane) {
      factors.weight = Value<float>(0)[plane % channels_];
      Combine(pixels_, factors, Floats(buffers.grad_output) + plane * pixels_, Floats(buffers.input) + plane * pixels_,
              Floats(buffers.grad_input) + plane * pixels_);
    }
  }

  const int threads_;
  const int64_t groups_;
  const int64_t channels_;
  const int64_t of_group_;  // channels of a group
  const int64_t sets_;      // groups of all examples
  const int64_t pixels_;
  const double epsilon_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateHostGroupNorm(const GroupNormSpec& spec, const Shape& input, int threads) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, GroupNormInfo(spec, input));
  BATON_RETURN_IF_ERROR(CheckFloat32(input));
  Footprint footprint;
  footprint.saved = AlignUp(2 * input[0] * spec.groups * SizeOf(DataType::kFloat32));
  footprint.stash = AlignUp(2 * spec.channels * SizeOf(DataType::kFloat32));
  return std::make_unique<HostGroupNorm>(threads, std::move(info), footprint, spec);
}

}  // namespace baton
