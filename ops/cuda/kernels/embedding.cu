// Forward: a block for each row. Backward for the table of tokens: a block for each row and tile of columns. A block
// does nothing if an earlier row has the same token; otherwise its warps sum all rows that have the token:
//
//   rows ─▶   warp 0        warp 1        …       each warp lists the rows of its part that have the token, and adds
//             ▓░░▓░▓░░▓░░   ░▓░░░░▓▓░░░           them with 4 loads in flight; then the sums of warps are added in
//             order
//
// Sums therefore run in an order that the ids decide, and no two blocks write the same element.
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
constexpr int kTableWarps = 8;
constexpr int kTableThreads = kTableWarps * kThreadsPerWarp;
constexpr int kListed = 4 * kThreadsPerWarp;

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
    Floats<kWidth> out = {};
    if (token < 0) {
      for (int i = 0; i < kWidth; ++i) out[i] = NAN;
    } else if (shape.IsOwn(token)) {
      out = Load<kWidth>(tables.table + (token - shape.own_begin) * shape.width + c);
    }
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

// True in all threads of the block if one of rows [0, row) has `token`. Looks at few rows first: most tokens of a text
// are frequent.
__device__ inline bool OccursBefore(const EmbeddingShape& shape, const int32_t* ids, int64_t row, int32_t token) {
  constexpr int kLaterRows = 8;  // of a thread, between two barriers
  int rows_of_thread = 1;
  for (int64_t first = 0; first < row; first += kTableThreads * rows_of_thread, rows_of_thread = kLaterRows) {
    bool same = false;
    for (int i = 0; i < rows_of_thread; ++i) {
      const int64_t other = first + i * kTableThreads + threadIdx.x;
      same |= other < row && TokenOf(shape, ids[other]) == token;
    }
    if (BlockAny<kTableThreads>(same)) return true;
  }
  return false;
}

// Adds the rows that are listed, in the order of the list, to `sum`. dy: [rows, width], from the first row and the
// thread's column; listed: [count].
template <int kWidth, typename T>
__device__ inline void AddListed(const int32_t* listed, int count, int64_t width, const T* dy, Floats<kWidth>* sum) {
  constexpr int kInFlight = 4;  // loads that do not wait for each other
  int i = 0;
  for (; i + kInFlight <= count; i += kInFlight) {
    Floats<kWidth> own[kInFlight];
#pragma unroll
    for (int j = 0; j < kInFlight; ++j) own[j] = Load<kWidth>(dy + listed[i + j] * width);
#pragma unroll
    for (int j = 0; j < kInFlight; ++j) {
      for (int k = 0; k < kWidth; ++k) (*sum)[k] += own[j][k];
    }
  }
  for (; i < count; ++i) {
    const Floats<kWidth> own = Load<kWidth>(dy + listed[i] * width);
    for (int k = 0; k < kWidth; ++k) (*sum)[k] += own[k];
  }
}

// The warp's sum of dy over those of rows [begin, end) that have `token`, in the order of rows. list: [kListed] of the
// warp's own.
template <int kWidth, typename T>
__device__ inline Floats<kWidth> SumOfToken(const EmbeddingShape& shape, const int32_t* ids, int32_t token,
                                            int64_t begin, int64_t end, int64_t column, const T* dy, int32_t* list) {
  const int lane = threadIdx.x % kThreadsPerWarp;
  Floats<kWidth> sum = {};
  int count = 0;
  for (int64_t first = begin; first < end; first += kThreadsPerWarp) {
    const bool same = first + lane < end && TokenOf(shape, ids[first + lane]) == token;
    const unsigned int all = __ballot_sync(kWholeWarp, same);
    if (same) list[count + __popc(all & ((1u << lane) - 1))] = static_cast<int32_t>(first - begin + lane);
    count += __popc(all);
    if (count + kThreadsPerWarp <= kListed && first + kThreadsPerWarp < end) continue;
    __syncwarp();
    if (column < shape.width) AddListed(list, count, shape.width, dy + begin * shape.width + column, &sum);
    __syncwarp();
    count = 0;
  }
  return sum;
}

// ids: [rows]; dy: [rows, width]; gradient: [own_end − own_begin, width]. Grid: [rows, tiles of columns].
template <typename T, int kWidth>
__global__ void __launch_bounds__(kTableThreads)
    TableGradientKernel(EmbeddingShape shape, const int32_t* ids, const T* dy, float* gradient) {
  BATON_SHARED_ARRAY(int32_t, lists, kTableWarps * kListed);
  BATON_SHARED_ARRAY(float, of_warps, kTableWarps* kThreadsPerWarp* kWidth);
  const int lane = threadIdx.x % kThreadsPerWarp;
  const int warp = threadIdx.x / kThreadsPerWarp;
  const int64_t rows = shape.sequences * shape.context;
  const int64_t row = blockIdx.x;
  const int32_t token = TokenOf(shape, ids[row]);
  if (!shape.IsOwn(token) || OccursBefore(shape, ids, row, token)) return;
  const int64_t column = (static_cast<int64_t>(blockIdx.y) * kThreadsPerWarp + lane) * kWidth;
  const int64_t rows_of_warp = (rows - row + kTableWarps - 1) / kTableWarps;
  const int64_t begin = row + warp * rows_of_warp;
  const int64_t end = begin + rows_of_warp < rows ? begin + rows_of_warp : rows;
  Floats<kWidth> sum = SumOfToken<kWidth>(shape, ids, token, begin, end, column, dy, lists + warp * kListed);
  for (int i = 0; i < kWidth; ++i) of_warps[(warp * kWidth + i) * kThreadsPerWarp + lane] = sum[i];
  __syncthreads();
  if (warp != 0 || column >= shape.width) return;
  float* const to = gradient + (token - shape.own_begin) * shape.width + column;
  Floats<kWidth> total = Load<kWidth>(to);
  for (int other = 1; other < kTableWarps; ++other) {
    for (int i = 0; i < kWidth; ++i) sum[i] += of_warps[(other * kWidth + i) * kThreadsPerWarp + lane];
  }
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
  const dim3 table_grid(static_cast<unsigned int>(shape.sequences * shape.context),
                        NumBlocks(shape.width, kThreadsPerWarp * kWidth));
  BATON_RETURN_IF_ERROR(
      Launch(TableGradientKernel<T, kWidth>, {table_grid, kTableThreads}, stream, shape, ids, dy, gradients.table));
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
