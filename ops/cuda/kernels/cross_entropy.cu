// Forward: a block for each row reads the row once, then one block sums the losses of the rows. Backward: a block for
// each row. Both at once: a block of 1024 threads for each row, so that few rows are in flight; it reads its row a
// second time from the end, where the cache still has it, and writes the gradients over it.
#include <cmath>

#include "ops/cuda/device_code.h"
#include "ops/cuda/formulas/softmax_sum.h"
#include "ops/cuda/formulas/z_loss.h"
#include "ops/cuda/kernels/cross_entropy.h"
#include "ops/cuda/launch.h"
#include "ops/layers/token_ids.h"

namespace baton {
namespace {

constexpr int kThreads = 256;
constexpr int kThreadsOfBoth = 1024;
constexpr int kBlocksOfBoth = 2;  // on a multiprocessor

// Merges the sums of the block's kCount threads, in every thread.
template <int kCount>
__device__ inline SoftmaxSum BlockMerge(SoftmaxSum own) {
  constexpr int kWarps = kCount / kThreadsPerWarp;
  BATON_SHARED_ARRAY(float, largest, kWarps);
  BATON_SHARED_ARRAY(float, sums, kWarps);
  for (int distance = kThreadsPerWarp / 2; distance > 0; distance /= 2) {
    SoftmaxSum other;
    other.largest = __shfl_xor_sync(kWholeWarp, own.largest, distance);
    other.sum = __shfl_xor_sync(kWholeWarp, own.sum, distance);
    own = Merge(own, other);
  }
  if (threadIdx.x % kThreadsPerWarp == 0) {
    largest[threadIdx.x / kThreadsPerWarp] = own.largest;
    sums[threadIdx.x / kThreadsPerWarp] = own.sum;
  }
  __syncthreads();
  SoftmaxSum all = {largest[0], sums[0]};
  for (int warp = 1; warp < kWarps; ++warp) all = Merge(all, {largest[warp], sums[warp]});
  return all;
}

// The loss of a row. target_logit: unused unless `target` is a class.
__device__ inline float RowLoss(int64_t classes, float z_loss, int64_t target, float log_sum, float target_logit) {
  if (target == kIgnoredTarget) return 0.0f;
  return target >= 0 && target < classes ? log_sum - target_logit + ZLoss(z_loss, log_sum) : NAN;
}

// The gradients of the loss by kWidth logits of classes c, c + 1, … `slope`: SoftmaxSlope. `scale`: 1 / loss_rows.
template <int kWidth>
__device__ inline Floats<kWidth> GradientsOf(Floats<kWidth> x, int64_t c, float log_sum, float slope, int64_t target,
                                             float scale) {
  for (int i = 0; i < kWidth; ++i) {
    const float gradient = (expf(x[i] - log_sum) * slope - (c + i == target ? 1.0f : 0.0f)) * scale;
    x[i] = target == kIgnoredTarget ? 0.0f : gradient;
  }
  return x;
}

// logits: [rows, classes]; targets, log_sums, saved_targets, row_losses: [rows]. Grid: [rows]. kWidth: elements of an
// access.
template <typename T, int kWidth>
__global__ void __launch_bounds__(kThreads)
    CrossEntropyKernel(int64_t classes, float z_loss, const T* logits, const int32_t* targets, float* log_sums,
                       int32_t* saved_targets, float* row_losses) {
  const int64_t row = blockIdx.x;
  const T* x = logits + row * classes;
  SoftmaxSum own;
  for (int64_t c = static_cast<int64_t>(threadIdx.x) * kWidth; c < classes; c += kThreads * kWidth) {
    Include(Load<kWidth>(x + c).values, &own);
  }
  const SoftmaxSum all = BlockMerge<kThreads>(own);
  if (threadIdx.x != 0) return;
  const int32_t target = targets[row];
  const float log_sum = all.LogSumExp();
  if (log_sums != nullptr) {
    log_sums[row] = log_sum;
    saved_targets[row] = target;
  }
  const float target_logit = target >= 0 && target < classes ? ToFloat(x[target]) : 0.0f;
  row_losses[row] = RowLoss(classes, z_loss, target, log_sum, target_logit);
}

// logits: [rows, classes], replaced by their gradients; targets, row_losses: [rows]. Grid: [rows].
template <typename T, int kWidth>
__global__ void __launch_bounds__(kThreadsOfBoth, kBlocksOfBoth)
    CrossEntropyWithGradientKernel(int64_t classes, float scale, float z_loss, T* logits, const int32_t* targets,
                                   float* row_losses) {
  constexpr int64_t kStride = kThreadsOfBoth * kWidth;
  const int64_t row = blockIdx.x;
  T* const x = logits + row * classes;
  const int64_t target = targets[row];
  // Before the barrier in BlockMerge, behind which other threads write gradients.
  const float target_logit = target >= 0 && target < classes ? ToFloat(x[target]) : 0.0f;
  const int64_t begin = static_cast<int64_t>(threadIdx.x) * kWidth;
  SoftmaxSum own;
  int64_t c = begin;
  for (; c < classes; c += kStride) Include(Load<kWidth>(x + c).values, &own);
  const float log_sum = BlockMerge<kThreadsOfBoth>(own).LogSumExp();
  const float slope = SoftmaxSlope(z_loss, log_sum);
  for (c -= kStride; c >= begin; c -= kStride) {
    Store(x + c, GradientsOf(Load<kWidth>(x + c), c, log_sum, slope, target, scale));
  }
  if (threadIdx.x == 0) row_losses[row] = RowLoss(classes, z_loss, target, log_sum, target_logit);
}

// *loss ← Σ row_losses / loss_rows. Grid: one block.
__global__ void __launch_bounds__(kThreads)
    SumLossesKernel(int64_t rows, int64_t loss_rows, const float* row_losses, double* loss) {
  double sum = 0.0;
  for (int64_t row = threadIdx.x; row < rows; row += kThreads) sum += row_losses[row];
  const double all = BlockSum<kThreads>(sum);
  if (threadIdx.x == 0) *loss = all / static_cast<double>(loss_rows);
}

// logits, grad_logits: [rows, classes]; log_sums, targets: [rows]. `scale`: 1 / loss_rows. Grid: [rows].
template <typename T, int kWidth>
__global__ void __launch_bounds__(kThreads)
    CrossEntropyBackwardKernel(int64_t classes, float scale, float z_loss, const T* logits, const float* log_sums,
                               const int32_t* targets, T* grad_logits) {
  const int64_t row = blockIdx.x;
  const float log_sum = log_sums[row];
  const int64_t target = targets[row];
  const float slope = SoftmaxSlope(z_loss, log_sum);
  for (int64_t c = static_cast<int64_t>(threadIdx.x) * kWidth; c < classes; c += kThreads * kWidth) {
    const Floats<kWidth> x = Load<kWidth>(logits + row * classes + c);
    Store(grad_logits + row * classes + c, GradientsOf(x, c, log_sum, slope, target, scale));
  }
}

float ScaleOf(const CrossEntropyShape& shape) { return static_cast<float>(1.0 / static_cast<double>(shape.loss_rows)); }

}  // namespace

absl::Status LaunchCrossEntropy(KernelStream stream, const CrossEntropyShape& shape, const void* logits,
                                const int32_t* targets, float* log_sums, int32_t* saved_targets, float* row_losses,
                                double* loss) {
  BATON_RETURN_IF_ERROR(ForElementType(shape.type, [&](auto element) {
    using T = decltype(element);
    const auto kernel =
        shape.classes % kPerAccess<T> == 0 ? CrossEntropyKernel<T, kPerAccess<T>> : CrossEntropyKernel<T, 1>;
    return Launch(kernel, {static_cast<unsigned int>(shape.rows), kThreads}, stream, shape.classes, shape.z_loss,
                  static_cast<const T*>(logits), targets, log_sums, saved_targets, row_losses);
  }));
  return LaunchSumLosses(stream, shape.rows, shape.loss_rows, row_losses, loss);
}

absl::Status LaunchSumLosses(KernelStream stream, int64_t rows, int64_t loss_rows, const float* row_losses,
                             double* loss) {
  return Launch(SumLossesKernel, {1, kThreads}, stream, rows, loss_rows, row_losses, loss);
}

absl::Status LaunchCrossEntropyBackward(KernelStream stream, const CrossEntropyShape& shape, const void* logits,
                                        const float* log_sums, const int32_t* targets, void* grad_logits) {
  return ForElementType(shape.type, [&](auto element) {
    using T = decltype(element);
    const auto kernel = shape.classes % kPerAccess<T> == 0 ? CrossEntropyBackwardKernel<T, kPerAccess<T>>
                                                           : CrossEntropyBackwardKernel<T, 1>;
    return Launch(kernel, {static_cast<unsigned int>(shape.rows), kThreads}, stream, shape.classes, ScaleOf(shape),
                  shape.z_loss, static_cast<const T*>(logits), log_sums, targets, static_cast<T*>(grad_logits));
  });
}

absl::Status LaunchCrossEntropyWithGradient(KernelStream stream, const CrossEntropyShape& shape, void* logits,
                                            const int32_t* targets, float* row_losses, double* loss) {
  BATON_RETURN_IF_ERROR(ForElementType(shape.type, [&](auto element) {
    using T = decltype(element);
    const auto kernel = shape.classes % kPerAccess<T> == 0 ? CrossEntropyWithGradientKernel<T, kPerAccess<T>>
                                                           : CrossEntropyWithGradientKernel<T, 1>;
    return Launch(kernel, {static_cast<unsigned int>(shape.rows), kThreadsOfBoth}, stream, shape.classes,
                  ScaleOf(shape), shape.z_loss, static_cast<T*>(logits), targets, row_losses);
  }));
  return LaunchSumLosses(stream, shape.rows, shape.loss_rows, row_losses, loss);
}

}  // namespace baton
