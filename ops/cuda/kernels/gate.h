// The kernels of gates (Shazeer 2020). Used by CudaGate.
#ifndef BATON_OPS_CUDA_KERNELS_GATE_H_
#define BATON_OPS_CUDA_KERNELS_GATE_H_

#include "absl/status/status.h"
#include "ops/layers/layer.h"
#include "ops/layers/spec.h"

namespace baton {

// x, dx: [rows, 2 · width]; y, dy: [rows, width]; all of `type`, f32 or bf16. Both functions are asynchronous on
// `stream`. Errors: Internal if CUDA refuses a launch.
struct GateShape {
  DataType type = DataType::kFloat32;
  int64_t rows = 0;
  int64_t width = 0;
};

// y ← activation(a) · b, where a and b are the halves of a row of x. Reads x and writes y, each once.
absl::Status LaunchGate(KernelStream stream, const GateShape& shape, ActivationKind kind, const void* x, void* y);

// dx ← (dy · b · activation′(a), dy · activation(a)). Reads x and dy and writes dx, each once.
absl::Status LaunchGateBackward(KernelStream stream, const GateShape& shape, ActivationKind kind, const void* x,
                                const void* dy, void* dx);

}  // namespace baton

#endif  // BATON_OPS_CUDA_KERNELS_GATE_H_
