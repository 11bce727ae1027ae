// The kernels of softmax and cross-entropy. Used by CudaCrossEntropy and CudaHeadLoss.
#ifndef BATON_OPS_CUDA_KERNELS_CROSS_ENTROPY_H_
#define BATON_OPS_CUDA_KERNELS_CROSS_ENTROPY_H_

#include "absl/status/status.h"
#include "ops/layers/layer.h"

namespace baton {

// logits: [rows, classes] of `type`, f32 or bf16. All functions are asynchronous on `stream`. Errors: Internal if CUDA
// refuses a launch.
struct CrossEntropyShape {
  DataType type = DataType::kFloat32;
  int64_t rows = 0;
  int64_t classes = 0;
  int64_t loss_rows = 0;  // the loss is divided by this: the rows of the whole batch
  float z_loss = 0;       // see CrossEntropySpec
};

// *loss ← Σ rows (log Σ exp(row) − row[target] + z_loss · (log Σ exp(row))²) / loss_rows; NaN if a target is neither in
// [0, classes) nor kIgnoredTarget, whose rows count 0 in loss and gradient.
// log_sums: [rows] f32 ← log Σ exp(row). saved_targets: [rows] i32 ← targets: [rows] i32. Both null: not written.
// row_losses: [rows] f32 is scratch.
absl::Status LaunchCrossEntropy(KernelStream stream, const CrossEntropyShape& shape, const void* logits,
                                const int32_t* targets, float* log_sums, int32_t* saved_targets, float* row_losses,
                                double* loss);

// grad_logits ← (softmax(logits) · (1 + 2 · z_loss · log_sum) − one-hot target) / loss_rows. grad_logits: shaped as
// logits; log_sums, targets: as LaunchCrossEntropy wrote them.
absl::Status LaunchCrossEntropyBackward(KernelStream stream, const CrossEntropyShape& shape, const void* logits,
                                        const float* log_sums, const int32_t* targets, void* grad_logits);

// Both at once: *loss as LaunchCrossEntropy, and logits ← their gradient as LaunchCrossEntropyBackward, which is
// rounded to `type`. Reads the logits once from memory and writes them once; the second reading of a row comes from the
// cache while 2 rows for each multiprocessor fit into it. row_losses: [rows] f32 is scratch.
absl::Status LaunchCrossEntropyWithGradient(KernelStream stream, const CrossEntropyShape& shape, void* logits,
                                            const int32_t* targets, float* row_losses, double* loss);

// *loss ← Σ row_losses / loss_rows, in an order that depends on `rows` alone. row_losses: [rows] f32.
absl::Status LaunchSumLosses(KernelStream stream, int64_t rows, int64_t loss_rows, const float* row_losses,
                             double* loss);

}  // namespace baton

#endif  // BATON_OPS_CUDA_KERNELS_CROSS_ENTROPY_H_
