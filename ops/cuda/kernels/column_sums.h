// Sums over the rows of a matrix, in an order that depends on its shape alone: biases' gradients. Used by CudaLinear
// and kernels/layer_norm.cu.
#ifndef BATON_OPS_CUDA_KERNELS_COLUMN_SUMS_H_
#define BATON_OPS_CUDA_KERNELS_COLUMN_SUMS_H_

#include "absl/status/status.h"
#include "ops/layers/layer.h"

namespace baton {

// What LaunchAddColumnSums needs of scratch.
Bytes ColumnSumsScratchBytes(int64_t rows, int64_t columns);

// sums[c] ← sums[c] + Σ rows values[row, c]. values: [rows, columns] of `type`, f32 or bf16; sums: [columns] f32.
// Asynchronous on `stream`. Errors: Internal if CUDA refuses.
absl::Status LaunchAddColumnSums(KernelStream stream, DataType type, int64_t rows, int64_t columns, const void* values,
                                 float* sums, std::byte* scratch);

// The second half alone: totals[c] ← Σ parts[part, c], part after part, plus totals[c] where `add`.
// parts: [num_parts, columns] f32.
absl::Status LaunchSumParts(KernelStream stream, int64_t num_parts, int64_t columns, const float* parts, bool add,
                            float* totals);

}  // namespace baton

#endif  // BATON_OPS_CUDA_KERNELS_COLUMN_SUMS_H_
