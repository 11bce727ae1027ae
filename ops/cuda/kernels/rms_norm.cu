// Forward: a warp for each run. It reads the run twice, the second time from the cache.
//
// Backward: a block works on consecutive runs, as many at a time as it has warps. First each warp computes dx of its
// run. Then all threads add those runs' terms, read from the cache, to sums in shared memory: thread t owns one access
// of columns and every G-th of the runs, where G is the number of times that the columns fit into the block.
//
//               columns ─▶                     threads of a block, width 4 accesses
//   group 0     0   1   2   3                  group g sums runs g, g + G, … of each round
//   group 1     4   5   6   7                  at the end the groups' sums are added in order
//
// A second kernel adds up the sums of all blocks, in order.
#include <algorithm>

#include "ops/cuda/device_code.h"
#include "ops/cuda/kernels/column_sums.h"
#include "ops/cuda/kernels/rms_norm.h"
#include "ops/cuda/launch.h"

namespace baton {
namespace {

constexpr int kForwardWarps = 4;
constexpr int64_t kMaxForwardBlocks = 1 << 16;
constexpr int kBackwardWarps = 16;
constexpr int kBackwardThreads = kBackwardWarps * kThreadsPerWarp;
constexpr int64_t kMaxParts = 256;

int64_t RunsPerPart(int64_t runs) { return std::max<int64_t>(kBackwardWarps, (runs + kMaxParts - 1) / kMaxParts); }
int64_t NumParts(int64_t runs) { return (runs + RunsPerPart(runs) - 1) / RunsPerPart(runs); }

// The groups of runs that the threads of a block sum side by side, for rows of `accesses` accesses.
int NumGroups(int64_t accesses) {
  return static_cast<int>(std::clamp<int64_t>(kBackwardThreads / accesses, 1, kBackwardWarps));
}

// The first feature of a run.
__device__ inline int64_t BeginOf(const RmsNormShape& shape, int64_t run) {
  return run / shape.runs * shape.row + shape.begin + run % shape.runs * shape.width;
}

// One warp: to[i] ← from[i] + addend[i] for i in [begin, end). Null addend: nothing is added.
template <typename T, int kWidth>
__device__ void CopyFeatures(int64_t begin, int64_t end, const T* from, const T* addend, T* to) {
  const int lane = threadIdx.x % kThreadsPerWarp;
  for (int64_t c = begin + lane * kWidth; c < end; c += kThreadsPerWarp * kWidth) {
    Floats<kWidth> values = Load<kWidth>(from + c);
    if (addend != nullptr) {
      const Floats<kWidth> more = Load<kWidth>(addend + c);
      for (int i = 0; i < kWidth; ++i) values[i] += more[i];
    }
    Store(to + c, values);
  }
}

// The warp of a row's first run copies the features before it, that of the last run those behind it.
template <typename T, int kWidth>
__device__ void CopyOthers(const RmsNormShape& shape, int64_t run, const T* from, const T* addend, T* to) {
  const int64_t row_begin = run / shape.runs * shape.row;
  if (run % shape.runs == 0) CopyFeatures<T, kWidth>(row_begin, row_begin + shape.begin, from, addend, to);
  if (run % shape.runs == shape.runs - 1) {
    CopyFeatures<T, kWidth>(BeginOf(shape, run) + shape.width, row_begin + shape.row, from, addend, to);
  }
}

// Arrays: LaunchRmsNorm's. A warp strides over the runs. kWidth: elements of an access.
template <typename T, int kWidth>
__global__ void __launch_bounds__(kForwardWarps* kThreadsPerWarp)
    RmsNormKernel(RmsNormShape shape, float epsilon, const T* x, const T* weight, T* y, float* inverses) {
  const int lane = threadIdx.x % kThreadsPerWarp;
  const int64_t first = static_cast<int64_t>(blockIdx.x) * kForwardWarps + threadIdx.x / kThreadsPerWarp;
  const int64_t stride = static_cast<int64_t>(gridDim.x) * kForwardWarps;
  for (int64_t run = first; run < shape.NumRuns(); run += stride) {
    const int64_t begin = BeginOf(shape, run);
    float squares = 0.0f;
    for (int64_t c = lane * kWidth; c < shape.width; c += kThreadsPerWarp * kWidth) {
      const Floats<kWidth> in = Load<kWidth>(x + begin + c);
      for (int i = 0; i < kWidth; ++i) squares += in[i] * in[i];
    }
    const float inverse = 1.0f / sqrtf(WarpSum(squares) / static_cast<float>(shape.width) + epsilon);
    for (int64_t c = lane * kWidth; c < shape.width; c += kThreadsPerWarp * kWidth) {
      const Floats<kWidth> in = Load<kWidth>(x + begin + c);
      const Floats<kWidth> scale = Load<kWidth>(weight + c);
      Floats<kWidth> out;
      for (int i = 0; i < kWidth; ++i) out[i] = in[i] * inverse * scale[i];
      Store(y + begin + c, out);
    }
    if (lane == 0) inverses[run] = inverse;
    CopyOthers<T, kWidth>(shape, run, x, static_cast<const T*>(nullptr), y);
  }
}

// One warp computes dx of one run. x, weight, dy, addend, dx: [width].
template <typename T, int kWidth>
__device__ void RunGradient(int64_t width, float inverse, const T* x, const T* weight, const T* dy, const T* addend,
                            T* dx) {
  const int lane = threadIdx.x % kThreadsPerWarp;
  float dot = 0.0f;
  for (int64_t c = lane * kWidth; c < width; c += kThreadsPerWarp * kWidth) {
    const Floats<kWidth> in = Load<kWidth>(x + c);
    const Floats<kWidth> scale = Load<kWidth>(weight + c);
    const Floats<kWidth> gradient = Load<kWidth>(dy + c);
    for (int i = 0; i < kWidth; ++i) dot += scale[i] * gradient[i] * in[i];
  }
  const float factor = WarpSum(dot) * inverse * inverse / static_cast<float>(width);
  for (int64_t c = lane * kWidth; c < width; c += kThreadsPerWarp * kWidth) {
    const Floats<kWidth> in = Load<kWidth>(x + c);
    const Floats<kWidth> scale = Load<kWidth>(weight + c);
    const Floats<kWidth> gradient = Load<kWidth>(dy + c);
    Floats<kWidth> out = {};
    if (addend != nullptr) out = Load<kWidth>(addend + c);
    for (int i = 0; i < kWidth; ++i) out[i] += (scale[i] * gradient[i] - in[i] * factor) * inverse;
    Store(dx + c, out);
  }
}

// Arrays: LaunchRmsNormBackward's; parts: [blocks, width]. Dynamic shared memory: [groups, width]. Grid:
// [NumParts(runs)].
template <typename T, int kWidth>
__global__ void __launch_bounds__(kBackwardThreads)
    RmsNormBackwardKernel(RmsNormShape shape, int64_t runs_per_part, int groups, const T* x, const T* weight,
                          const float* inverses, const T* dy, const T* addend, T* dx, float* parts) {
  BATON_DYNAMIC_SHARED(float, sums);
  const int64_t width = shape.width;
  const int64_t accesses = width / kWidth;
  const int group = groups > 1 ? static_cast<int>(threadIdx.x / accesses) : 0;
  const int64_t own_begin = (groups > 1 ? threadIdx.x % accesses : threadIdx.x) * kWidth;
  constexpr int64_t kStride = kBackwardThreads * kWidth;
  float* const own_sums = sums + group * width;
  // Each thread reads and writes the sums of its own columns and group only, so no barrier is needed until the end.
  if (group < groups) {
    for (int64_t c = own_begin; c < width; c += kStride) {
      for (int i = 0; i < kWidth; ++i) own_sums[c + i] = 0.0f;
    }
  }
  const int64_t runs = shape.NumRuns();
  const int64_t begin = blockIdx.x * runs_per_part;
  const int64_t end = begin + runs_per_part < runs ? begin + runs_per_part : runs;
  for (int64_t first = begin; first < end; first += kBackwardWarps) {
    const int64_t run = first + threadIdx.x / kThreadsPerWarp;
    if (dx != nullptr && run < end) {
      const int64_t at = BeginOf(shape, run);
      RunGradient<T, kWidth>(width, inverses[run], x + at, weight, dy + at, addend == nullptr ? nullptr : addend + at,
                             dx + at);
      CopyOthers<T, kWidth>(shape, run, dy, addend, dx);
    }
    if (group >= groups) continue;
    const int64_t last = first + kBackwardWarps < end ? first + kBackwardWarps : end;
    for (int64_t c = own_begin; c < width; c += kStride) {
      Floats<kWidth> sum;
      for (int i = 0; i < kWidth; ++i) sum[i] = own_sums[c + i];
      for (int64_t r = first + group; r < last; r += groups) {
        const int64_t at = BeginOf(shape, r) + c;
        const float inverse = inverses[r];
        const Floats<kWidth> in = Load<kWidth>(x + at);
        const Floats<kWidth> gradient = Load<kWidth>(dy + at);
        for (int i = 0; i < kWidth; ++i) sum[i] += gradient[i] * in[i] * inverse;
      }
      for (int i = 0; i < kWidth; ++i) own_sums[c + i] = sum[i];
    }
  }
  __syncthreads();
  for (int64_t c = threadIdx.x; c < width; c += kBackwardThreads) {
    float sum = sums[c];
    for (int other = 1; other < groups; ++other) sum += sums[other * width + c];
    parts[blockIdx.x * width + c] = sum;
  }
}

// True if every run and every other feature begins at a 16-byte boundary.
template <typename T>
bool IsWide(const RmsNormShape& shape) {
  return shape.width % kPerAccess<T> == 0 && shape.begin % kPerAccess<T> == 0 && shape.row % kPerAccess<T> == 0;
}

}  // namespace

absl::Status LaunchRmsNorm(KernelStream stream, const RmsNormShape& shape, float epsilon, const void* x,
                           const void* weight, void* y, float* inverses) {
  return ForElementType(shape.type, [&](auto element) {
    using T = decltype(element);
    const auto kernel = IsWide<T>(shape) ? RmsNormKernel<T, kPerAccess<T>> : RmsNormKernel<T, 1>;
    const int64_t blocks = std::min<int64_t>(NumBlocks(shape.NumRuns(), kForwardWarps), kMaxForwardBlocks);
    return Launch(kernel, {static_cast<unsigned int>(blocks), kForwardWarps * kThreadsPerWarp}, stream, shape, epsilon,
                  static_cast<const T*>(x), static_cast<const T*>(weight), static_cast<T*>(y), inverses);
  });
}

Bytes RmsNormBackwardScratchBytes(const RmsNormShape& shape) {
  return AlignUp(NumParts(shape.NumRuns()) * shape.width * static_cast<Bytes>(sizeof(float)));
}

absl::Status LaunchRmsNormBackward(KernelStream stream, const RmsNormShape& shape, const void* x, const void* weight,
                                   const float* inverses, const void* dy, const void* addend, void* dx, bool add,
                                   float* weight_gradient, std::byte* scratch) {
  float* const parts = reinterpret_cast<float*>(scratch);
  const int64_t num_parts = NumParts(shape.NumRuns());
  BATON_RETURN_IF_ERROR(ForElementType(shape.type, [&](auto element) {
    using T = decltype(element);
    const bool wide = IsWide<T>(shape);
    const auto kernel = wide ? RmsNormBackwardKernel<T, kPerAccess<T>> : RmsNormBackwardKernel<T, 1>;
    const int groups = NumGroups(wide ? shape.width / kPerAccess<T> : shape.width);
    const Bytes shared_bytes = groups * shape.width * static_cast<Bytes>(sizeof(float));
    return Launch(kernel, {static_cast<unsigned int>(num_parts), kBackwardThreads, shared_bytes}, stream, shape,
                  RunsPerPart(shape.NumRuns()), groups, static_cast<const T*>(x), static_cast<const T*>(weight),
                  inverses, static_cast<const T*>(dy), static_cast<const T*>(addend), static_cast<T*>(dx), parts);
  }));
  return LaunchSumParts(stream, num_parts, parts, add, {weight_gradient, shape.width});
}

}  // namespace baton
