// Forward: a block for each row. Backward for the table of tokens: a warp for each row and tile of columns. A warp does
// nothing if an earlier row has the same token; otherwise it sums all rows that have the token. Sums therefore run in
// the order of rows, and no two warps write the same element.
#include <algorithm>
#include <cmath>

#include "ops/cuda/device_code.h"
#include "ops/cuda/kernels/embedding.h"
#include "ops/cuda/kernels/segment_gradient.h"
#include "ops/cuda/launch.h"

namespace baton {
namespace {

constexpr int kWarps = 4;
constexpr int kThreads = kWarps * kThreadsPerWarp;

// The token of `id`; −1 for an id that there is not.
__device__ inline int32_t TokenOf(const EmbeddingShape& shape, int32_t id) {
  if (id < 0 || id >= shape.vocabulary * shape.segments) return -1;
  return shape.segments == 1 ? id : static_cast<int32_t>(id % shape.vocabulary);
}

// ids: [rows]; y: [rows, width]; tables: LaunchEmbedding's. Grid: [rows]. kWidth: elements of an access.
template <typename T, int kWidth>
__global__ void EmbeddingKernel(EmbeddingShape shape, const int32_t* ids, EmbeddingTables<const T> tables, T* y) {
  const int64_t row = blockIdx.x;
  const int32_t token = TokenOf(shape, ids[row]);
  for (int64_t c = static_cast<int64_t>(threadIdx.x) * kWidth; c < shape.width; c += kThreads * kWidth) {
    Floats<kWidth> out;
    for (int i = 0; i < kWidth; ++i) out[i] = NAN;
    if (token >= 0) out = Load<kWidth>(tables.table + token * shape.width + c);
    if (tables.positions != nullptr) {
      const Floats<kWidth> position = Load<kWidth>(tables.positions + row % shape.context * shape.width + c);
      for (int i = 0; i < kWidth; ++i) out[i] += position[i];
    }
    if (tables.segments != nullptr && token >= 0) {
      const Floats<kWidth> segment = Load<kWidth>(tables.segments + ids[row] / shape.vocabulary * shape.width + c);
      for (int i = 0; i < kWidth; ++i) out[i] += segment[i];
    }
    Store(y + row * shape.width + c, out);
  }
}

// True in all lanes if one of rows [0, row) has `token`.
__device__ inline bool OccursBefore(const EmbeddingShape& shape, const int32_t* ids, int64_t row, int32_t token) {
  const int lane = threadIdx.x % kThreadsPerWarp;
  for (int64_t first = 0; first < row; first += kThreadsPerWarp) {
    const bool same = first + lane < row && TokenOf(shape, ids[first + lane]) == token;
    if (__ballot_sync(kWholeWarp, same) != 0) return true;
  }
  return false;
}

// ids: [rows]; dy: [rows, width]; gradient: [vocabulary, width]. Grid: [rows / kWarps, tiles of columns].
template <typename T, int kWidth>
__global__ void __launch_bounds__(kThreads)
    TableGradientKernel(EmbeddingShape shape, const int32_t* ids, const T* dy, float* gradient) {
  const int lane = threadIdx.x % kThreadsPerWarp;
  const int64_t rows = shape.sequences * shape.context;
  const int64_t row = static_cast<int64_t>(blockIdx.x) * kWarps + threadIdx.x / kThreadsPerWarp;
  if (row >= rows) return;
  const int32_t token = TokenOf(shape, ids[row]);
  if (token < 0 || OccursBefore(shape, ids, row, token)) return;
  const int64_t column = (static_cast<int64_t>(blockIdx.y) * kThreadsPerWarp + lane) * kWidth;
  Floats<kWidth> sum = {};
  for (int64_t first = row; first < rows; first += kThreadsPerWarp) {
    const bool same = first + lane < rows && TokenOf(shape, ids[first + lane]) == token;
    for (unsigned int left = __ballot_sync(kWholeWarp, same); left != 0; left &= left - 1) {
      const int64_t other = first + __ffs(static_cast<int>(left)) - 1;
      if (column >= shape.width) continue;
      const Floats<kWidth> own = Load<kWidth>(dy + other * shape.width + column);
      for (int i = 0; i < kWidth; ++i) sum[i] += own[i];
    }
  }
  if (column >= shape.width) return;
  float* const to = gradient + token * shape.width + column;
  Floats<kWidth> total = Load<kWidth>(to);
  for (int i = 0; i < kWidth; ++i) total[i] += sum[i];
  Store(to, total);
}

// dy: [sequences, context, width]; gradient: [≥ context, width]. Grid: [context, tiles of columns].
template <typename T, int kWidth>
__global__ void __launch_bounds__(kThreads) PositionGradientKernel(EmbeddingShape shape, const T* dy, float* gradient) {
  const int64_t position = blockIdx.x;
  const int64_t column = (static_cast<int64_t>(blockIdx.y) * kThreads + threadIdx.x) * kWidth;
  if (column >= shape.width) return;
  Floats<kWidth> sum = {};
#pragma unroll 4
  for (int64_t sequence = 0; sequence < shape.sequences; ++sequence) {
    const Floats<kWidth> own = Load<kWidth>(dy + (sequence * shape.context + position) * shape.width + column);
    for (int i = 0; i < kWidth; ++i) sum[i] += own[i];
  }
  float* const to = gradient + position * shape.width + column;
  Floats<kWidth> total = Load<kWidth>(to);
  for (int i = 0; i < kWidth; ++i) total[i] += sum[i];
  Store(to, total);
}

template <typename T, int kWidth>
absl::Status Backward(KernelStream stream, const EmbeddingShape& shape, const int32_t* ids, const T* dy,
                      const EmbeddingTables<float>& gradients) {
  const dim3 table_grid(NumBlocks(shape.sequences * shape.context, kWarps),
                        NumBlocks(shape.width, kThreadsPerWarp * kWidth));
  BATON_RETURN_IF_ERROR(
      Launch(TableGradientKernel<T, kWidth>, {table_grid, kThreads}, stream, shape, ids, dy, gradients.table));
  if (gradients.positions == nullptr) return absl::OkStatus();
  const dim3 position_grid(static_cast<unsigned int>(shape.context), NumBlocks(shape.width, kThreads * kWidth));
  return Launch(PositionGradientKernel<T, kWidth>, {position_grid, kThreads}, stream, shape, dy, gradients.positions);
}

}  // namespace

absl::Status LaunchEmbedding(KernelStream stream, const EmbeddingShape& shape, const int32_t* ids,
                             const EmbeddingTables<const std::byte>& tables, void* y) {
  return ForElementType(shape.type, [&](auto element) {
    using T = decltype(element);
    const auto kernel = shape.width % kPerAccess<T> == 0 ? EmbeddingKernel<T, kPerAccess<T>> : EmbeddingKernel<T, 1>;
    const EmbeddingTables<const T> typed = {reinterpret_cast<const T*>(tables.table),
                                            reinterpret_cast<const T*>(tables.positions),
                                            reinterpret_cast<const T*>(tables.segments)};
    return Launch(kernel, {static_cast<unsigned int>(shape.sequences * shape.context), kThreads}, stream, shape, ids,
                  typed, static_cast<T*>(y));
  });
}

absl::Status LaunchEmbeddingBackward(KernelStream stream, const EmbeddingShape& shape, const int32_t* ids,
                                     const void* dy, const EmbeddingTables<float>& gradients, std::byte* scratch) {
  BATON_RETURN_IF_ERROR(ForElementType(shape.type, [&](auto element) {
    using T = decltype(element);
    const T* typed = static_cast<const T*>(dy);
    if (shape.width % kPerAccess<T> == 0) return Backward<T, kPerAccess<T>>(stream, shape, ids, typed, gradients);
    return Backward<T, 1>(stream, shape, ids, typed, gradients);
  }));
  if (gradients.segments == nullptr) return absl::OkStatus();
  return LaunchSegmentGradient(stream, shape, ids, dy, gradients.segments, scratch);
}

}  // namespace baton
