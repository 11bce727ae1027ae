// The kernels that take some columns of each row. Used by CudaColumns.
#ifndef BATON_OPS_CUDA_KERNELS_COLUMNS_H_
#define BATON_OPS_CUDA_KERNELS_COLUMNS_H_

#include "absl/status/status.h"
#include "ops/layers/layer.h"

namespace baton {

// x, dx: [rows, width]; y, dy: [rows, end − begin]; all of `type`, f32 or bf16. Both functions are asynchronous on
// `stream`. Errors: Internal if CUDA refuses the launch.
struct ColumnsShape {
  DataType type = DataType::kFloat32;
  int64_t rows = 0;
  int64_t width = 0;
  int64_t begin = 0;
  int64_t end = 0;
};

// y ← columns [begin, end) of x. Reads those columns and writes y, each once.
absl::Status LaunchColumns(KernelStream stream, const ColumnsShape& shape, const void* x, void* y);

// dx ← dy in columns [begin, end), 0 in the others. Reads dy and writes dx, each once.
absl::Status LaunchColumnsBackward(KernelStream stream, const ColumnsShape& shape, const void* dy, void* dx);

}  // namespace baton

#endif  // BATON_OPS_CUDA_KERNELS_COLUMNS_H_
