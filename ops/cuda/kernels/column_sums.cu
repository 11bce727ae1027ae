// Two stages: each block sums some rows into a part, then a second kernel sums the parts. Within a block:
//
//          columns ─▶                each lane makes one access a row; 32 lanes lie side by side
//   rows   warp 0  ▓▓▓▓▓▓▓▓          warp w sums rows w, w + 8, … of the block's; then the lanes of warp 0
//     │    warp 1  ▓▓▓▓▓▓▓▓          add the sums of the other warps, in the order of warps
//     ▼    …
#include <algorithm>

#include "ops/cuda/device_code.h"
#include "ops/cuda/kernels/column_sums.h"
#include "ops/cuda/launch.h"

namespace baton {
namespace {

constexpr int kWarps = 8;
constexpr int kThreads = kWarps * kThreadsPerWarp;
constexpr int64_t kMaxParts = 128;
constexpr int64_t kRowsAtLeast = 32;

int64_t RowsPerPart(int64_t rows) { return std::max(kRowsAtLeast, (rows + kMaxParts - 1) / kMaxParts); }
int64_t NumParts(int64_t rows) { return (rows + RowsPerPart(rows) - 1) / RowsPerPart(rows); }

// values: [rows, columns]; parts: [num_parts, columns]. Grid: [num_parts, tiles of columns]. kWidth: elements of an
// access.
template <typename T, int kWidth>
__global__ void __launch_bounds__(kThreads)
    ColumnSumsKernel(int64_t rows, int64_t columns, int64_t rows_per_part, const T* values, float* parts) {
  BATON_SHARED_ARRAY(float, of_warps, kWarps* kThreadsPerWarp* kWidth);
  const int lane = threadIdx.x % kThreadsPerWarp;
  const int warp = threadIdx.x / kThreadsPerWarp;
  const int64_t column = (static_cast<int64_t>(blockIdx.y) * kThreadsPerWarp + lane) * kWidth;
  const int64_t begin = blockIdx.x * rows_per_part;
  const int64_t end = begin + rows_per_part < rows ? begin + rows_per_part : rows;
  Floats<kWidth> sum = {};
  if (column < columns) {
#pragma unroll 4
    for (int64_t row = begin + warp; row < end; row += kWarps) {
      const Floats<kWidth> own = Load<kWidth>(values + row * columns + column);
      for (int i = 0; i < kWidth; ++i) sum[i] += own[i];
    }
  }
  for (int i = 0; i < kWidth; ++i) of_warps[(warp * kWidth + i) * kThreadsPerWarp + lane] = sum[i];
  __syncthreads();
  if (warp != 0 || column >= columns) return;
  for (int other = 1; other < kWarps; ++other) {
    for (int i = 0; i < kWidth; ++i) sum[i] += of_warps[(other * kWidth + i) * kThreadsPerWarp + lane];
  }
  for (int i = 0; i < kWidth; ++i) parts[blockIdx.x * columns + column + i] = sum[i];
}

// Warp w adds parts w · n, w · n + 1, … w · n + n − 1 of its 32 columns, where n is the number of parts of a warp; then
// warp 0 adds the sums of warps in order. parts: [num_parts, columns]. Grid: [columns / 32].
__global__ void __launch_bounds__(kThreads)
    SumPartsKernel(int64_t num_parts, int64_t columns, const float* parts, bool add, PartTotals totals) {
  BATON_SHARED_ARRAY(float, of_warps, kThreads);
  const int lane = threadIdx.x % kThreadsPerWarp;
  const int warp = threadIdx.x / kThreadsPerWarp;
  const int64_t column = static_cast<int64_t>(blockIdx.x) * kThreadsPerWarp + lane;
  const int64_t parts_of_warp = (num_parts + kWarps - 1) / kWarps;
  const int64_t begin = warp * parts_of_warp;
  const int64_t end = begin + parts_of_warp < num_parts ? begin + parts_of_warp : num_parts;
  float sum = 0.0f;
  if (column < columns) {
#pragma unroll 8
    for (int64_t part = begin; part < end; ++part) sum += parts[part * columns + column];
  }
  of_warps[threadIdx.x] = sum;
  __syncthreads();
  if (warp != 0 || column >= columns) return;
  for (int other = 1; other < kWarps; ++other) sum += of_warps[other * kThreadsPerWarp + lane];
  float* const total =
      column < totals.first_columns ? totals.first + column : totals.second + (column - totals.first_columns);
  *total = add ? *total + sum : sum;
}

}  // namespace

Bytes ColumnSumsScratchBytes(int64_t rows, int64_t columns) {
  return AlignUp(NumParts(rows) * columns * static_cast<Bytes>(sizeof(float)));
}

absl::Status LaunchAddColumnSums(KernelStream stream, DataType type, int64_t rows, int64_t columns, const void* values,
                                 float* sums, std::byte* scratch) {
  float* const parts = reinterpret_cast<float*>(scratch);
  BATON_RETURN_IF_ERROR(ForElementType(type, [&](auto element) {
    using T = decltype(element);
    const T* typed = static_cast<const T*>(values);
    constexpr int kWide = kPerAccess<T>;
    const bool wide = columns % kWide == 0;
    const dim3 grid(static_cast<unsigned int>(NumParts(rows)),
                    NumBlocks(columns, kThreadsPerWarp * (wide ? kWide : 1)));
    return Launch(wide ? ColumnSumsKernel<T, kWide> : ColumnSumsKernel<T, 1>, {grid, kThreads}, stream, rows, columns,
                  RowsPerPart(rows), typed, parts);
  }));
  return LaunchSumParts(stream, NumParts(rows), parts, /*add=*/true, {sums, columns});
}

absl::Status LaunchSumParts(KernelStream stream, int64_t num_parts, const float* parts, bool add,
                            const PartTotals& totals) {
  const int64_t columns = totals.first_columns + totals.second_columns;
  return Launch(SumPartsKernel, {NumBlocks(columns, kThreadsPerWarp), kThreads}, stream, num_parts, columns, parts, add,
                totals);
}

}  // namespace baton
