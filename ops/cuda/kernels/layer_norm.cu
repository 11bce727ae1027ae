// Forward: a warp for each row. It reads the row three times, the second and third time from the cache.
//
// Backward: a block works on consecutive rows, as many at a time as it has warps. First each warp computes its row's
// two means and dx. Then all threads add those rows' terms, read from the cache, to sums in shared memory: a thread
// owns one access of columns and every G-th of the rows, where G is the number of times that the columns fit into the
// block. At the end the G sums are added in order, and a second kernel adds up those of all blocks.
#include <algorithm>

#include "ops/cuda/device_code.h"
#include "ops/cuda/kernels/column_sums.h"
#include "ops/cuda/kernels/layer_norm.h"
#include "ops/cuda/launch.h"

namespace baton {
namespace {

constexpr int kForwardWarps = 4;
constexpr int kBackwardWarps = 16;
constexpr int kBackwardThreads = kBackwardWarps * kThreadsPerWarp;
constexpr int64_t kMaxParts = 256;

int64_t RowsPerPart(int64_t rows) { return std::max<int64_t>(kBackwardWarps, (rows + kMaxParts - 1) / kMaxParts); }
int64_t NumParts(int64_t rows) { return (rows + RowsPerPart(rows) - 1) / RowsPerPart(rows); }

// The groups of rows that the threads of a block sum side by side, for rows of `accesses` accesses.
int NumGroups(int64_t accesses) {
  return static_cast<int>(std::clamp<int64_t>(kBackwardThreads / accesses, 1, kBackwardWarps));
}

// x, y: [rows, width]; weight, bias: [width]; statistics: [rows, 2]. Grid: [rows / kForwardWarps]. kWidth: elements of
// an access.
template <typename T, int kWidth>
__global__ void __launch_bounds__(kForwardWarps* kThreadsPerWarp)
    LayerNormKernel(int64_t rows, int64_t width, float epsilon, const T* x, const T* weight, const T* bias, T* y,
                    float* statistics) {
  const int lane = threadIdx.x % kThreadsPerWarp;
  const int64_t row = static_cast<int64_t>(blockIdx.x) * kForwardWarps + threadIdx.x / kThreadsPerWarp;
  if (row >= rows) return;
  x += row * width;
  y += row * width;
  float sum = 0.0f;
  for (int64_t c = lane * kWidth; c < width; c += kThreadsPerWarp * kWidth) {
    const Floats<kWidth> in = Load<kWidth>(x + c);
    for (int i = 0; i < kWidth; ++i) sum += in[i];
  }
  const float mean = WarpSum(sum) / static_cast<float>(width);
  float squares = 0.0f;
  for (int64_t c = lane * kWidth; c < width; c += kThreadsPerWarp * kWidth) {
    const Floats<kWidth> in = Load<kWidth>(x + c);
    for (int i = 0; i < kWidth; ++i) squares += (in[i] - mean) * (in[i] - mean);
  }
  const float inverse_deviation = 1.0f / sqrtf(WarpSum(squares) / static_cast<float>(width) + epsilon);
  for (int64_t c = lane * kWidth; c < width; c += kThreadsPerWarp * kWidth) {
    const Floats<kWidth> in = Load<kWidth>(x + c);
    const Floats<kWidth> scale = Load<kWidth>(weight + c);
    const Floats<kWidth> shift = Load<kWidth>(bias + c);
    Floats<kWidth> out;
    for (int i = 0; i < kWidth; ++i) out[i] = (in[i] - mean) * inverse_deviation * scale[i] + shift[i];
    Store(y + c, out);
  }
  if (lane == 0) {
    statistics[2 * row] = mean;
    statistics[2 * row + 1] = inverse_deviation;
  }
}

// One warp computes dx of one row. x, weight, dy, addend, dx: [width].
template <typename T, int kWidth>
__device__ void RowGradient(int64_t width, float mean, float inverse_deviation, const T* x, const T* weight,
                            const T* dy, const T* addend, T* dx) {
  const int lane = threadIdx.x % kThreadsPerWarp;
  float sum = 0.0f;
  float dot = 0.0f;
  for (int64_t c = lane * kWidth; c < width; c += kThreadsPerWarp * kWidth) {
    const Floats<kWidth> in = Load<kWidth>(x + c);
    const Floats<kWidth> scale = Load<kWidth>(weight + c);
    const Floats<kWidth> gradient = Load<kWidth>(dy + c);
    for (int i = 0; i < kWidth; ++i) {
      const float g = scale[i] * gradient[i];
      sum += g;
      dot += g * (in[i] - mean) * inverse_deviation;
    }
  }
  const float mean_g = WarpSum(sum) / static_cast<float>(width);
  const float mean_gx = WarpSum(dot) / static_cast<float>(width);
  for (int64_t c = lane * kWidth; c < width; c += kThreadsPerWarp * kWidth) {
    const Floats<kWidth> in = Load<kWidth>(x + c);
    const Floats<kWidth> scale = Load<kWidth>(weight + c);
    const Floats<kWidth> gradient = Load<kWidth>(dy + c);
    Floats<kWidth> out = {};
    if (addend != nullptr) out = Load<kWidth>(addend + c);
    for (int i = 0; i < kWidth; ++i) {
      const float normalized = (in[i] - mean) * inverse_deviation;
      out[i] += (scale[i] * gradient[i] - mean_g - normalized * mean_gx) * inverse_deviation;
    }
    Store(dx + c, out);
  }
}

// One thread adds the terms of rows first, first + step, … before `last` to the sums of columns [c, c + kWidth). x, dy:
// [rows, width]; statistics: [rows, 2]; sums: [2, width].
template <typename T, int kWidth>
__device__ void AddColumns(int64_t first, int64_t last, int64_t step, int64_t width, int64_t c, const T* x,
                           const float* statistics, const T* dy, float* sums) {
  Floats<kWidth> weight_sum;
  Floats<kWidth> bias_sum;
  for (int i = 0; i < kWidth; ++i) {
    weight_sum[i] = sums[c + i];
    bias_sum[i] = sums[width + c + i];
  }
  for (int64_t row = first; row < last; row += step) {
    const float mean = statistics[2 * row];
    const float inverse_deviation = statistics[2 * row + 1];
    const Floats<kWidth> in = Load<kWidth>(x + row * width + c);
    const Floats<kWidth> gradient = Load<kWidth>(dy + row * width + c);
    for (int i = 0; i < kWidth; ++i) {
      weight_sum[i] += gradient[i] * (in[i] - mean) * inverse_deviation;
      bias_sum[i] += gradient[i];
    }
  }
  for (int i = 0; i < kWidth; ++i) {
    sums[c + i] = weight_sum[i];
    sums[width + c + i] = bias_sum[i];
  }
}

// x, dy, addend, dx: [rows, width]; weight: [width]; statistics: [rows, 2]; parts: [blocks, 2, width]. Dynamic shared
// memory: [groups, 2, width]. Grid: [NumParts(rows)].
template <typename T, int kWidth>
__global__ void __launch_bounds__(kBackwardThreads)
    LayerNormBackwardKernel(int64_t rows, int64_t width, int64_t rows_per_part, int groups, const T* x, const T* weight,
                            const float* statistics, const T* dy, const T* addend, T* dx, float* parts) {
  BATON_DYNAMIC_SHARED(float, sums);
  const int64_t accesses = width / kWidth;
  const int group = groups > 1 ? static_cast<int>(threadIdx.x / accesses) : 0;
  const int64_t own_begin = (groups > 1 ? threadIdx.x % accesses : threadIdx.x) * kWidth;
  constexpr int64_t kStride = kBackwardThreads * kWidth;
  float* const own_sums = sums + group * 2 * width;
  // Each thread reads and writes the sums of its own columns and group only, so no barrier is needed until the end.
  if (group < groups) {
    for (int64_t c = own_begin; c < width; c += kStride) {
      for (int i = 0; i < kWidth; ++i) own_sums[c + i] = own_sums[width + c + i] = 0.0f;
    }
  }
  const int64_t begin = blockIdx.x * rows_per_part;
  const int64_t end = begin + rows_per_part < rows ? begin + rows_per_part : rows;
  for (int64_t first = begin; first < end; first += kBackwardWarps) {
    const int64_t row = first + threadIdx.x / kThreadsPerWarp;
    if (dx != nullptr && row < end) {
      RowGradient<T, kWidth>(width, statistics[2 * row], statistics[2 * row + 1], x + row * width, weight,
                             dy + row * width, addend == nullptr ? nullptr : addend + row * width, dx + row * width);
    }
    if (group >= groups) continue;
    const int64_t last = first + kBackwardWarps < end ? first + kBackwardWarps : end;
    for (int64_t c = own_begin; c < width; c += kStride) {
      AddColumns<T, kWidth>(first + group, last, groups, width, c, x, statistics, dy, own_sums);
    }
  }
  __syncthreads();
  for (int64_t c = threadIdx.x; c < 2 * width; c += kBackwardThreads) {
    float sum = sums[c];
    for (int other = 1; other < groups; ++other) sum += sums[other * 2 * width + c];
    parts[blockIdx.x * 2 * width + c] = sum;
  }
}

}  // namespace

absl::Status LaunchLayerNorm(KernelStream stream, const LayerNormShape& shape, float epsilon, const void* x,
                             const void* weight, const void* bias, void* y, float* statistics) {
  return ForElementType(shape.type, [&](auto element) {
    using T = decltype(element);
    const auto kernel = shape.width % kPerAccess<T> == 0 ? LayerNormKernel<T, kPerAccess<T>> : LayerNormKernel<T, 1>;
    return Launch(kernel, {NumBlocks(shape.rows, kForwardWarps), kForwardWarps * kThreadsPerWarp}, stream, shape.rows,
                  shape.width, epsilon, static_cast<const T*>(x), static_cast<const T*>(weight),
                  static_cast<const T*>(bias), static_cast<T*>(y), statistics);
  });
}

Bytes LayerNormBackwardScratchBytes(const LayerNormShape& shape) {
  return AlignUp(NumParts(shape.rows) * 2 * shape.width * static_cast<Bytes>(sizeof(float)));
}

absl::Status LaunchLayerNormBackward(KernelStream stream, const LayerNormShape& shape, const void* x,
                                     const void* weight, const float* statistics, const void* dy, const void* addend,
                                     void* dx, const LayerNormGradients& gradients, std::byte* scratch) {
  float* const parts = reinterpret_cast<float*>(scratch);
  BATON_RETURN_IF_ERROR(ForElementType(shape.type, [&](auto element) {
    using T = decltype(element);
    const bool wide = shape.width % kPerAccess<T> == 0;
    const auto kernel = wide ? LayerNormBackwardKernel<T, kPerAccess<T>> : LayerNormBackwardKernel<T, 1>;
    const int groups = NumGroups(wide ? shape.width / kPerAccess<T> : shape.width);
    const Bytes shared_bytes = groups * 2 * shape.width * static_cast<Bytes>(sizeof(float));
    return Launch(kernel, {static_cast<unsigned int>(NumParts(shape.rows)), kBackwardThreads, shared_bytes}, stream,
                  shape.rows, shape.width, RowsPerPart(shape.rows), groups, static_cast<const T*>(x),
                  static_cast<const T*>(weight), statistics, static_cast<const T*>(dy), static_cast<const T*>(addend),
                  static_cast<T*>(dx), parts);
  }));
  return LaunchSumParts(stream, NumParts(shape.rows), parts, gradients.add,
                        {gradients.weight, shape.width, gradients.bias, shape.width});
}

}  // namespace baton
