// The kernels of learned positions and a class token. Used by CudaPositions.
#ifndef BATON_OPS_CUDA_KERNELS_POSITIONS_H_
#define BATON_OPS_CUDA_KERNELS_POSITIONS_H_

#include "absl/status/status.h"
#include "ops/layers/layer.h"

namespace baton {

// Arrays: of `type`, f32 or bf16, except gradients of parameters, which are f32. All functions are asynchronous on
// `stream`. Errors: Internal if CUDA refuses a launch.
struct PositionsShape {
  DataType type = DataType::kFloat32;
  int64_t examples = 0;
  int64_t rows = 0;    // of an example's output
  int64_t before = 0;  // rows before the input's: 1 with a class token, else 0
  int64_t width = 0;
};

// y ← (class_token, x) + positions. x: [examples, rows − before, width]; class_token: [width], null without one;
// positions: [rows, width]; y: [examples, rows, width]. Reads x and writes y, each once.
absl::Status LaunchPositions(KernelStream stream, const PositionsShape& shape, const void* x, const void* class_token,
                             const void* positions, void* y);

// dx ← the rows of dy behind the class token. Reads them and writes dx, each once.
absl::Status LaunchPositionsBackward(KernelStream stream, const PositionsShape& shape, const void* dy, void* dx);

// position_gradient[row] += Σ examples dy[row]; class_token_gradient += Σ examples dy[0], unless it is null. Sums run
// in the order of examples. Reads dy once; reads and writes the gradients.
absl::Status LaunchPositionsGradients(KernelStream stream, const PositionsShape& shape, const void* dy,
                                      float* position_gradient, float* class_token_gradient);

}  // namespace baton

#endif  // BATON_OPS_CUDA_KERNELS_POSITIONS_H_
