#include "ops/host/layer_norm.h"

#include <cmath>
#include <utility>

#include "base/status.h"
#include "ops/host/simd.h"
#include "ops/host/support.h"
#include "ops/layers/primitive_layer.h"

namespace baton {
namespace {

// statistics: [rows, 2]: mean and 1/σ.
BATON_SIMD_CLONES
void NormalizeRows(int64_t rows, int64_t width, float epsilon, const float* input, const float* __restrict weight,
                   const float* __restrict bias, float* output, float* __restrict statistics) {
  const float inverse_width = 1.0f / static_cast<float>(width);
  for (int64_t row = 0; row < rows; ++row) {
    const float* __restrict x = input + row * width;
    float* __restrict y = output + row * width;
    float mean = 0;
#pragma omp simd reduction(+ : mean)
    for (int64_t c = 0; c < width; ++c) mean += x[c];
    mean *= inverse_width;
    float variance = 0;
#pragma omp simd reduction(+ : variance)
    for (int64_t c = 0; c < width; ++c) variance += (x[c] - mean) * (x[c] - mean);
    const float inverse_deviation = 1.0f / std::sqrt(variance * inverse_width + epsilon);
    statistics[2 * row] = mean;
    statistics[2 * row + 1] = inverse_deviation;
#pragma omp simd
    for (int64_t c = 0; c < width; ++c) y[c] = (x[c] - mean) * inverse_deviation * weight[c] + bias[c];
  }
}

// With x̂ = (x − mean)/σ and g = weight · dy: dx = (g − mean(g) − x̂ · mean(g · x̂)) / σ. grad_input may be null.
BATON_SIMD_CLONES
void NormalizeRowsBackward(int64_t rows, int64_t width, const float* input, const float* grad_output,
                           const float* __restrict weight, const float* __restrict statistics, float* grad_input,
                           float* __restrict weight_gradient, float* __restrict bias_gradient) {
  const float inverse_width = 1.0f / static_cast<float>(width);
  for (int64_t c = 0; c < width; ++c) weight_gradient[c] = 0;
  for (int64_t c = 0; c < width; ++c) bias_gradient[c] = 0;
  for (int64_t row = 0; row < rows; ++row) {
    const float* __restrict x = input + row * width;
    const float* __restrict dy = grad_output + row * width;
    const float mean = statistics[2 * row];
    const float inverse_deviation = statistics[2 * row + 1];
    float sum_g = 0;
    float sum_gx = 0;
#pragma omp simd reduction(+ : sum_g, sum_gx)
    for (int64_t c = 0; c < width; ++c) {
      const float normalized = (x[c] - mean) * inverse_deviation;
      const float g = weight[c] * dy[c];
      sum_g += g;
      sum_gx += g * normalized;
      weight_gradient[c] += dy[c] * normalized;
      bias_gradient[c] += dy[c];
    }
    if (grad_input == nullptr) continue;
    float* __restrict dx = grad_input + row * width;
    const float mean_g = sum_g * inverse_width;
    const float mean_gx = sum_gx * inverse_width;
#pragma omp simd
    for (int64_t c = 0; c < width; ++c) {
      const float normalized = (x[c] - mean) * inverse_deviation;
      dx[c] = (weight[c] * dy[c] - mean_g - normalized * mean_gx) * inverse_deviation;
    }
  }
}

BATON_SIMD_CLONES
void AddTo(int64_t count, const float* __restrict values, float* __restrict sums) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) sums[i] += values[i];
}

// Own loops, not oneDNN's primitive: that one cannot sum the parameters' gradients without writing the input's.
class HostLayerNorm final : public PrimitiveLayer {
 public:
  HostLayerNorm(LayerInfo info, const Footprint& footprint, const LayerNormSpec& spec)
      : PrimitiveLayer(std::move(info), footprint),
        rows_(NumRows(input_shape())),
        width_(spec.width),
        epsilon_(static_cast<float>(spec.epsilon)) {}

  absl::Status Forward(KernelStream stream, const LayerBuffers& buffers) override {
    NormalizeRows(rows_, width_, epsilon_, Floats(buffers.input), Value<float>(0), Value<float>(1),
                  Floats(buffers.output), Floats(buffers.saved));
    return absl::OkStatus();
  }

  absl::Status BackwardInput(KernelStream stream, const LayerBuffers& buffers) override {
    NormalizeRowsBackward(rows_, width_, Floats(buffers.input), Floats(buffers.grad_output), Value<float>(0),
                          Floats(buffers.saved), Floats(buffers.grad_input), Floats(buffers.stash),
                          Floats(buffers.stash) + width_);
    return absl::OkStatus();
  }

  absl::Status BackwardWeight(KernelStream stream, const LayerBuffers& buffers) override {
    AddTo(width_, Floats(buffers.stash), Gradient<float>(0));
    AddTo(width_, Floats(buffers.stash) + width_, Gradient<float>(1));
    return absl::OkStatus();
  }

 private:
  const int64_t rows_;
  const int64_t width_;
  const float epsilon_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateHostLayerNorm(const LayerNormSpec& spec, const Shape& input) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, LayerNormInfo(spec, input));
  BATON_RETURN_IF_ERROR(CheckFloat32(input));
  Footprint footprint;
  footprint.saved = AlignUp(2 * NumRows(input) * SizeOf(DataType::kFloat32));
  footprint.stash = AlignUp(2 * spec.width * SizeOf(DataType::kFloat32));
  return std::make_unique<HostLayerNorm>(std::move(info), footprint, spec);
}

}  // namespace baton
