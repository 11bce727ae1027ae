// Element-wise kernels: sums, activations and the activations' backward pass. Used by CudaBackend, CudaActivation and
// Matmul.
#ifndef BATON_OPS_CUDA_KERNELS_ELEMENTWISE_H_
#define BATON_OPS_CUDA_KERNELS_ELEMENTWISE_H_

#include "absl/status/status.h"
#include "ops/layers/layer.h"
#include "ops/layers/spec.h"

namespace baton {

// Arrays: [count] of `type`, f32 or bf16, 16-byte aligned. All functions are asynchronous on `stream`. Errors: Internal
// if CUDA refuses a launch.

// sum ← a + b; sum may be a or b.
absl::Status LaunchAdd(KernelStream stream, DataType type, int64_t count, const void* a, const void* b, void* sum);

// values[r, c] ← values[r, c] + row[c]. values: [rows, columns]; row: [columns].
absl::Status LaunchAddRow(KernelStream stream, DataType type, int64_t rows, int64_t columns, const void* row,
                          void* values);

// y ← activation(x).
absl::Status LaunchActivation(KernelStream stream, DataType type, ActivationKind kind, int64_t count, const void* x,
                              void* y);

// dx ← dy · activation′(x); dx may be dy.
absl::Status LaunchActivationBackward(KernelStream stream, DataType type, ActivationKind kind, int64_t count,
                                      const void* x, const void* dy, void* dx);

}  // namespace baton

#endif  // BATON_OPS_CUDA_KERNELS_ELEMENTWISE_H_
