// The kernels that take the first row of each sequence. Used by CudaFirstRow.
#ifndef BATON_OPS_CUDA_KERNELS_FIRST_ROW_H_
#define BATON_OPS_CUDA_KERNELS_FIRST_ROW_H_

#include "absl/status/status.h"
#include "ops/layers/layer.h"

namespace baton {

// x, dx: [sequences, rows, width]; y, dy: [sequences, width]; all of `type`, f32 or bf16. Both functions are
// asynchronous on `stream`. Errors: Internal if CUDA refuses the launch.
struct FirstRowShape {
  DataType type = DataType::kFloat32;
  int64_t sequences = 0;
  int64_t rows = 0;
  int64_t width = 0;
};

// y ← the first row of each sequence. Reads those rows and writes y, each once.
absl::Status LaunchFirstRow(KernelStream stream, const FirstRowShape& shape, const void* x, void* y);

// dx ← dy in the first row of each sequence, 0 in the others. Reads dy and writes dx, each once.
absl::Status LaunchFirstRowBackward(KernelStream stream, const FirstRowShape& shape, const void* dy, void* dx);

}  // namespace baton

#endif  // BATON_OPS_CUDA_KERNELS_FIRST_ROW_H_
