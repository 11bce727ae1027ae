// As column_sums.cu, once for each segment: a block sums those of its rows that have the segment, and a second kernel
// adds up the parts. Lanes lie along the columns, so that all lanes of a warp skip the same rows.
#include <algorithm>

#include "ops/cuda/device_code.h"
#include "ops/cuda/kernels/column_sums.h"
#include "ops/cuda/kernels/segment_gradient.h"
#include "ops/cuda/launch.h"

namespace baton {
namespace {

constexpr int kWarps = 8;
constexpr int kThreads = kWarps * kThreadsPerWarp;
constexpr int64_t kMaxParts = 128;
constexpr int64_t kRowsAtLeast = 32;
constexpr int64_t kMaxGridZ = 65535;

int64_t RowsPerPart(int64_t rows) { return std::max(kRowsAtLeast, (rows + kMaxParts - 1) / kMaxParts); }
int64_t NumParts(int64_t rows) { return (rows + RowsPerPart(rows) - 1) / RowsPerPart(rows); }

// ids: [rows]; dy: [rows, width]; parts: [num_parts, segments, width]. Grid: [num_parts, tiles of columns, segments].
// kWidth: elements of an access.
template <typename T, int kWidth>
__global__ void __launch_bounds__(kThreads)
    SegmentSumsKernel(EmbeddingShape shape, int64_t rows_per_part, const int32_t* ids, const T* dy, float* parts) {
  BATON_SHARED_ARRAY(float, of_warps, kWarps* kThreadsPerWarp* kWidth);
  const int lane = threadIdx.x % kThreadsPerWarp;
  const int warp = threadIdx.x / kThreadsPerWarp;
  const int64_t column = (static_cast<int64_t>(blockIdx.y) * kThreadsPerWarp + lane) * kWidth;
  const int64_t rows = shape.sequences * shape.context;
  const int64_t begin = blockIdx.x * rows_per_part;
  const int64_t end = begin + rows_per_part < rows ? begin + rows_per_part : rows;
  for (int64_t segment = blockIdx.z; segment < shape.segments; segment += gridDim.z) {
    const int64_t first_id = segment * shape.vocabulary;
    Floats<kWidth> sum = {};
    for (int64_t row = begin + warp; row < end; row += kWarps) {
      if (ids[row] < first_id || ids[row] >= first_id + shape.vocabulary || column >= shape.width) continue;
      const Floats<kWidth> own = Load<kWidth>(dy + row * shape.width + column);
      for (int i = 0; i < kWidth; ++i) sum[i] += own[i];
    }
    __syncthreads();  // all threads have read the last segment's sums
    for (int i = 0; i < kWidth; ++i) of_warps[(warp * kWidth + i) * kThreadsPerWarp + lane] = sum[i];
    __syncthreads();
    if (warp != 0 || column >= shape.width) continue;
    for (int other = 1; other < kWarps; ++other) {
      for (int i = 0; i < kWidth; ++i) sum[i] += of_warps[(other * kWidth + i) * kThreadsPerWarp + lane];
    }
    float* const to = parts + (blockIdx.x * shape.segments + segment) * shape.width + column;
    for (int i = 0; i < kWidth; ++i) to[i] = sum[i];
  }
}

}  // namespace

Bytes SegmentGradientScratchBytes(const EmbeddingShape& shape) {
  return AlignUp(NumParts(shape.sequences * shape.context) * shape.segments * shape.width *
                 static_cast<Bytes>(sizeof(float)));
}

absl::Status LaunchSegmentGradient(KernelStream stream, const EmbeddingShape& shape, const int32_t* ids, const void* dy,
                                   float* gradient, std::byte* scratch) {
  float* const parts = reinterpret_cast<float*>(scratch);
  const int64_t rows = shape.sequences * shape.context;
  BATON_RETURN_IF_ERROR(ForElementType(shape.type, [&](auto element) {
    using T = decltype(element);
    constexpr int kWide = kPerAccess<T>;
    const bool wide = shape.width % kWide == 0;
    const dim3 grid(static_cast<unsigned int>(NumParts(rows)),
                    NumBlocks(shape.width, kThreadsPerWarp * (wide ? kWide : 1)),
                    static_cast<unsigned int>(std::min(shape.segments, kMaxGridZ)));
    return Launch(wide ? SegmentSumsKernel<T, kWide> : SegmentSumsKernel<T, 1>, {grid, kThreads}, stream, shape,
                  RowsPerPart(rows), ids, static_cast<const T*>(dy), parts);
  }));
  return LaunchSumParts(stream, NumParts(rows), parts, /*add=*/true, {gradient, shape.segments * shape.width});
}

}  // namespace baton
