// Sums over the rows of a matrix, in an order that depends on its shape alone. Used for the gradients of biases by
// LinearProducts, and by kernels/layer_norm.cu, rms_norm.cu and segment_gradient.cu.
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

// Two arrays of totals that stand side by side in the parts; `second` may be null and `second_columns` 0.
struct PartTotals {
  float* first = nullptr;
  int64_t first_columns = 0;
  float* second = nullptr;
  int64_t second_columns = 0;
};

// totals[c] ← Σ parts[part, c], in an order that num_parts alone decides; if `add`, plus totals[c]. parts: [num_parts,
// first_columns + second_columns] f32; totals: f32. Asynchronous on `stream`. Errors: Internal if CUDA refuses a
// launch.
absl::Status LaunchSumParts(KernelStream stream, int64_t num_parts, const float* parts, bool add,
                            const PartTotals& totals);

}  // namespace baton

#endif  // BATON_OPS_CUDA_KERNELS_COLUMN_SUMS_H_
