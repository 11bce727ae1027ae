// A block for each row; one block sums the losses of the rows. Loads take single elements where padding or the row's
// length leaves no whole accesses.
#include <cmath>

#include "ops/cuda/device_code.h"
#include "ops/cuda/formulas/z_loss.h"
#include "ops/cuda/kernels/cross_entropy.h"
#include "ops/cuda/kernels/sliced_cross_entropy.h"
#include "ops/cuda/launch.h"
#include "ops/layers/token_ids.h"

namespace baton {
namespace {

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / kThreadsPerWarp;
constexpr float kBelowAllLogits = -3.0e38f;  // finite, so that differences are finite
constexpr int32_t kElsewhere = -1;

using SlicedShape = SlicedCrossEntropyShape;

// The largest value of the block's threads; valid in thread 0.
__device__ inline float BlockMaximum(float value) {
  BATON_SHARED_ARRAY(float, of_warps, kWarps);
  for (int distance = kThreadsPerWarp / 2; distance > 0; distance /= 2) {
    value = fmaxf(value, __shfl_xor_sync(kWholeWarp, value, distance));
  }
  if (threadIdx.x % kThreadsPerWarp == 0) of_warps[threadIdx.x / kThreadsPerWarp] = value;
  __syncthreads();
  float largest = of_warps[0];
  for (int warp = 1; warp < kWarps; ++warp) largest = fmaxf(largest, of_warps[warp]);
  return largest;
}

// Arrays: LaunchRowMaxima's. Grid: [rows]. kWidth: elements of an access.
template <typename T, int kWidth>
__global__ void __launch_bounds__(kThreads) RowMaximaKernel(SlicedShape shape, const T* logits, float* maxima) {
  const T* x = logits + blockIdx.x * shape.stride;
  float largest = kBelowAllLogits;
  for (int64_t c = static_cast<int64_t>(threadIdx.x) * kWidth; c < shape.classes; c += kThreads * kWidth) {
    const Floats<kWidth> values = Load<kWidth>(x + c);
    for (int i = 0; i < kWidth; ++i) largest = fmaxf(largest, values[i]);
  }
  const float all = BlockMaximum(largest);
  if (threadIdx.x == 0) maxima[blockIdx.x] = all;
}

// Arrays: LaunchRowSums's. Grid: [rows].
template <typename T, int kWidth>
__global__ void __launch_bounds__(kThreads)
    RowSumsKernel(SlicedShape shape, const T* logits, const int32_t* targets, const float* maxima, float* sums,
                  float* target_logits, int32_t* own_targets) {
  const int64_t row = blockIdx.x;
  const T* x = logits + row * shape.stride;
  const float largest = maxima[row];
  float sum = 0.0f;
  for (int64_t c = static_cast<int64_t>(threadIdx.x) * kWidth; c < shape.classes; c += kThreads * kWidth) {
    const Floats<kWidth> values = Load<kWidth>(x + c);
    for (int i = 0; i < kWidth; ++i) sum += expf(values[i] - largest);
  }
  const float all = BlockSum<kThreads>(sum);
  if (threadIdx.x != 0) return;
  sums[row] = all;
  const int32_t target = targets[row];
  const int64_t own = target - shape.first_class;
  const bool is_class = target >= 0 && target < shape.all_classes;
  const bool is_own = is_class && own >= 0 && own < shape.classes;
  target_logits[row] = is_own ? ToFloat(x[own]) : is_class || target == kIgnoredTarget ? 0.0f : NAN;
  own_targets[row] = target == kIgnoredTarget ? kIgnoredTarget : is_own ? static_cast<int32_t>(own) : kElsewhere;
}

// Arrays: LaunchSlicedLoss's; row_losses: [rows], in place of the sums. Grid: [rows / kThreads].
__global__ void __launch_bounds__(kThreads)
    RowLossesKernel(SlicedShape shape, const float* target_logits, const int32_t* own_targets, float* log_sums,
                    float* row_losses) {
  const int64_t row = int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (row >= shape.rows) return;
  const float log_sum = log_sums[row] + logf(row_losses[row]);
  log_sums[row] = log_sum;
  row_losses[row] =
      own_targets[row] == kIgnoredTarget ? 0.0f : log_sum - target_logits[row] + ZLoss(shape.z_loss, log_sum);
}

// Arrays: LaunchSlicedCrossEntropyBackward's. `scale`: 1 / loss_rows. Grid: [rows].
template <typename T, int kWidth>
__global__ void __launch_bounds__(kThreads)
    SlicedBackwardKernel(SlicedShape shape, float scale, const T* logits, const float* log_sums,
                         const int32_t* own_targets, T* grad_logits) {
  const int64_t row = blockIdx.x;
  const float log_sum = log_sums[row];
  const int64_t target = own_targets[row];
  const float slope = SoftmaxSlope(shape.z_loss, log_sum);
  for (int64_t c = static_cast<int64_t>(threadIdx.x) * kWidth; c < shape.stride; c += kThreads * kWidth) {
    Floats<kWidth> x = Load<kWidth>(logits + row * shape.stride + c);
    for (int i = 0; i < kWidth; ++i) {
      const float gradient = (expf(x[i] - log_sum) * slope - (c + i == target ? 1.0f : 0.0f)) * scale;
      x[i] = target == kIgnoredTarget || c + i >= shape.classes ? 0.0f : gradient;
    }
    Store(grad_logits + row * shape.stride + c, x);
  }
}

// Calls function(element of the logits, elements of an access as a constant).
template <typename Function>
absl::Status ForLogits(const SlicedShape& shape, Function function) {
  return ForElementType(shape.type, [&](auto element) {
    constexpr int kWide = kPerAccess<decltype(element)>;
    if (shape.classes % kWide == 0 && shape.stride % kWide == 0) {
      return function(element, std::integral_constant<int, kWide>{});
    }
    return function(element, std::integral_constant<int, 1>{});
  });
}

LaunchShape BlockARow(const SlicedShape& shape) { return {static_cast<unsigned int>(shape.rows), kThreads}; }

}  // namespace

absl::Status LaunchRowMaxima(KernelStream stream, const SlicedShape& shape, const void* logits, float* maxima) {
  return ForLogits(shape, [&](auto element, auto width) {
    using T = decltype(element);
    return Launch(RowMaximaKernel<T, decltype(width)::value>, BlockARow(shape), stream, shape,
                  static_cast<const T*>(logits), maxima);
  });
}

absl::Status LaunchRowSums(KernelStream stream, const SlicedShape& shape, const void* logits, const int32_t* targets,
                           const float* maxima, float* sums, float* target_logits, int32_t* own_targets) {
  return ForLogits(shape, [&](auto element, auto width) {
    using T = decltype(element);
    return Launch(RowSumsKernel<T, decltype(width)::value>, BlockARow(shape), stream, shape,
                  static_cast<const T*>(logits), targets, maxima, sums, target_logits, own_targets);
  });
}

absl::Status LaunchSlicedLoss(KernelStream stream, const SlicedShape& shape, const float* target_logits,
                              const int32_t* own_targets, float* log_sums, float* sums, double* loss) {
  BATON_RETURN_IF_ERROR(Launch(RowLossesKernel, {dim3(NumBlocks(shape.rows, kThreads)), dim3(kThreads)}, stream, shape,
                               target_logits, own_targets, log_sums, sums));
  return LaunchSumLosses(stream, shape.rows, shape.loss_rows, sums, loss);
}

absl::Status LaunchSlicedCrossEntropyBackward(KernelStream stream, const SlicedShape& shape, const void* logits,
                                              const float* log_sums, const int32_t* own_targets, void* grad_logits) {
  const float scale = static_cast<float>(1.0 / static_cast<double>(shape.loss_rows));
  return ForLogits(shape, [&](auto element, auto width) {
    using T = decltype(element);
    return Launch(SlicedBackwardKernel<T, decltype(width)::value>, BlockARow(shape), stream, shape, scale,
                  static_cast<const T*>(logits), log_sums, own_targets, static_cast<T*>(grad_logits));
  });
}

}  // namespace baton
