// The kernels of softmax and cross-entropy over one member's slice of the classes. Used by CudaSlicedCrossEntropy,
// which exchanges the rows' numbers with the other members between them.
#ifndef BATON_OPS_CUDA_KERNELS_SLICED_CROSS_ENTROPY_H_
#define BATON_OPS_CUDA_KERNELS_SLICED_CROSS_ENTROPY_H_

#include "absl/status/status.h"
#include "ops/layers/layer.h"

namespace baton {

// logits: the first `classes` columns of [rows, stride] of `type`, f32 or bf16; they are classes first_class,
// first_class + 1, … of all_classes. All functions are asynchronous on `stream`. Errors: Internal if CUDA refuses a
// launch.
struct SlicedCrossEntropyShape {
  DataType type = DataType::kFloat32;
  int64_t rows = 0;
  int64_t classes = 0;
  int64_t stride = 0;
  int64_t first_class = 0;
  int64_t all_classes = 0;
  int64_t loss_rows = 0;  // the loss is divided by this: the rows of the whole batch
  float z_loss = 0;       // see CrossEntropySpec
};

// maxima: [rows] f32 ← the largest logit of each row.
absl::Status LaunchRowMaxima(KernelStream stream, const SlicedCrossEntropyShape& shape, const void* logits,
                             float* maxima);

// sums: [rows] f32 ← Σ exp(row − maximum). target_logits: [rows] f32 ← row[target], 0 where the target is a class of
// another slice or kIgnoredTarget, NaN where it is no class. own_targets: [rows] i32 ← the target as a column of the
// slice, −1 where it is in another slice, kIgnoredTarget where it is that.
absl::Status LaunchRowSums(KernelStream stream, const SlicedCrossEntropyShape& shape, const void* logits,
                           const int32_t* targets, const float* maxima, float* sums, float* target_logits,
                           int32_t* own_targets);

// With maxima, sums and target_logits of whole rows: log_sums: [rows] f32 ← maximum + log(sum), in place of the maxima;
// *loss ← Σ rows (log_sum − target_logit + z_loss · log_sum²) / loss_rows. Overwrites sums.
absl::Status LaunchSlicedLoss(KernelStream stream, const SlicedCrossEntropyShape& shape, const float* target_logits,
                              const int32_t* own_targets, float* log_sums, float* sums, double* loss);

// grad_logits ← (softmax · (1 + 2 · z_loss · log_sum) − one-hot target) / loss_rows, and 0 in rows that are ignored and
// behind `classes` columns. grad_logits: [rows, stride].
absl::Status LaunchSlicedCrossEntropyBackward(KernelStream stream, const SlicedCrossEntropyShape& shape,
                                              const void* logits, const float* log_sums, const int32_t* own_targets,
                                              void* grad_logits);

}  // namespace baton

#endif  // BATON_OPS_CUDA_KERNELS_SLICED_CROSS_ENTROPY_H_
