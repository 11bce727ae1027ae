// Root-mean-square normalisation by vectorised loops.
#include "ops/host/rms_norm.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/status.h"
#include "ops/host/parallel.h"
#include "ops/host/simd.h"
#include "ops/host/support.h"
#include "ops/layers/primitive_layer.h"

namespace baton {
namespace {

// y ← x / rms · weight for each of `runs` runs of `width`; inverses ← 1 / rms of each.
BATON_SIMD_CLONES
void NormalizeRuns(int64_t runs, int64_t width, float epsilon, const float* __restrict x,
                   const float* __restrict weight, float* __restrict y, float* __restrict inverses) {
  for (int64_t run = 0; run < runs; ++run, x += width, y += width) {
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t c = 0; c < width; ++c) sum += x[c] * x[c];
    const float inverse = 1.0f / std::sqrt(sum / static_cast<float>(width) + epsilon);
    inverses[run] = inverse;
#pragma omp simd
    for (int64_t c = 0; c < width; ++c) y[c] = x[c] * inverse * weight[c];
  }
}

// stash ← stash + Σ runs dy · x / rms.
BATON_SIMD_CLONES
void AddWeightGradients(int64_t runs, int64_t width, const float* __restrict x, const float* __restrict inverses,
                        const float* __restrict dy, float* __restrict stash) {
  for (int64_t run = 0; run < runs; ++run, x += width, dy += width) {
    const float inverse = inverses[run];
#pragma omp simd
    for (int64_t c = 0; c < width; ++c) stash[c] += dy[c] * x[c] * inverse;
  }
}

// With x̂ = x / rms and g = weight · dy: dx ← (g − x̂ · mean(g · x̂)) / rms.
BATON_SIMD_CLONES
void NormalizeRunsBackward(int64_t runs, int64_t width, const float* __restrict x, const float* __restrict inverses,
                           const float* __restrict weight, const float* __restrict dy, float* __restrict dx) {
  for (int64_t run = 0; run < runs; ++run, x += width, dy += width, dx += width) {
    const float inverse = inverses[run];
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t c = 0; c < width; ++c) sum += weight[c] * dy[c] * x[c];
    const float factor = sum * inverse * inverse / static_cast<float>(width);
#pragma omp simd
    for (int64_t c = 0; c < width; ++c) dx[c] = (weight[c] * dy[c] - x[c] * factor) * inverse;
  }
}

// saved: 1 / rms of each run; stash: the gradient of the weight.
class HostRmsNorm final : public PrimitiveLayer {
 public:
  HostRmsNorm(int threads, LayerInfo info, const Footprint& footprint, const RmsNormSpec& spec)
      : PrimitiveLayer(std::move(info), footprint),
        threads_(threads),
        spec_(spec),
        row_width_(input_shape().extents().back()) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    ForEachRow([&](int64_t begin, int64_t first_run) {
      CopyOthers(Floats(buffers.input) + begin, Floats(buffers.output) + begin);
      const int64_t runs = begin + spec_.begin;
      NormalizeRuns(spec_.runs, spec_.width, static_cast<float>(spec_.epsilon), Floats(buffers.input) + runs,
                    Value<float>(0), Floats(buffers.output) + runs, Floats(buffers.saved) + first_run);
    });
    return absl::OkStatus();
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    std::fill_n(Floats(buffers.stash), spec_.width, 0.0f);
    for (int64_t row = 0; row < NumRows(input_shape()); ++row) {
      const int64_t runs = row * row_width_ + spec_.begin;
      AddWeightGradients(spec_.runs, spec_.width, Floats(buffers.input) + runs,
                         Floats(buffers.saved) + row * spec_.runs, Floats(buffers.grad_output) + runs,
                         Floats(buffers.stash));
    }
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    ForEachRow([&](int64_t begin, int64_t first_run) {
      const int64_t runs = begin + spec_.begin;
      CopyOthers(Floats(buffers.grad_output) + begin, Floats(buffers.grad_input) + begin);
      NormalizeRunsBackward(spec_.runs, spec_.width, Floats(buffers.input) + runs, Floats(buffers.saved) + first_run,
                            Value<float>(0), Floats(buffers.grad_output) + runs, Floats(buffers.grad_input) + runs);
    });
    return absl::OkStatus();
  }

  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override {
    const float* const stash = Floats(buffers.stash);
    for (int64_t c = 0; c < spec_.width; ++c) Gradient<float>(0)[c] += stash[c];
    return absl::OkStatus();
  }

 private:
  // Calls function(the row's first element, the number of its first run), at the same time on several threads.
  template <typename Function>
  void ForEachRow(Function function) const {
    ParallelFor(threads_, NumRows(input_shape()), LeastPart(3 * row_width_ * SizeOf(DataType::kFloat32)),
                [&](int64_t begin, int64_t end, int) {
                  for (int64_t row = begin; row < end; ++row) function(row * row_width_, row * spec_.runs);
                });
  }

  // Copies a row's features outside the runs.
  void CopyOthers(const float* from, float* to) const {
    const int64_t end = spec_.begin + spec_.runs * spec_.width;
    std::copy_n(from, spec_.begin, to);
    std::copy_n(from + end, row_width_ - end, to + end);
  }

  const int threads_;
  const RmsNormSpec spec_;
  const int64_t row_width_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateHostRmsNorm(const RmsNormSpec& spec, const Shape& input, int threads) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, RmsNormInfo(spec, input));
  BATON_RETURN_IF_ERROR(CheckFloat32(input));
  Footprint footprint;
  footprint.saved = AlignUp(NumRows(input) * spec.runs * SizeOf(DataType::kFloat32));
  footprint.stash = AlignUp(spec.width * SizeOf(DataType::kFloat32));
  return std::make_unique<HostRmsNorm>(threads, std::move(info), footprint, spec);
}

}  // namespace baton
