// Sums over the rows of a matrix, in an order that depends on its shape alone. Used for the gradients of biases by
// LinearProducts, and by kernels/layer_norm.cu.
#ifndef BATON_OPS_CUDA_KERNELS_COLUMN_SUMS_H_
#define BATON_OPS_CUDA_KERNELS_COLUMN_SUMS_H_

#include "absl/status/status.h"
#include "ops/layers/layer.h"

namespace baton {

// The scratch that LaunchAddColumnSums needs for values: [rows, columns].
Bytes ColumnSumsScratchBytes(int64_t rows, int64_t columns);

// sums[c] ← sums[c] + Σ rows values[row, c]. values: [rows, columns] of `type`, f32 or bf16; sums: [columns] f32.
// Asynchronous on `stream`. Errors: Internal if CUDA refuses a launch.
absl::Status LaunchAddColumnSums(KernelStream stream, DataType type, int64_t rows, int64_t columns, const void* values,
                                 float* sums, std::byte* scratch);

// totals[c] ← Σ parts[part, c], in the order of parts; if `add`, plus totals[c]. parts: [num_parts, columns] f32;
// totals: [columns] f32. Asynchronous on `stream`. Errors: Internal if CUDA refuses a launch.
absl::Status LaunchSumParts(KernelStream stream, int64_t num_parts, int64_t columns, const float* parts, bool add,
                            float* totals);

}  // namespace baton

#endif  // BATON_OPS_CUDA_KERNELS_COLUMN_SUMS_H_
