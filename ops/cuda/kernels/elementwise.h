// Kernels that take elements one by one: sums, activations and their backward pass. Used by CudaBackend and
// CudaActivation.
#ifndef BATON_OPS_CUDA_KERNELS_ELEMENTWISE_H_
#define BATON_OPS_CUDA_KERNELS_ELEMENTWISE_H_

#include "absl/status/status.h"
#include "ops/layers/layer.h"
#include "ops/layers/spec.h"

namespace baton {

// All arrays: [count] of `type`, f32 or bf16, 16-byte aligned. Asynchronous on `stream`. Errors: Internal if CUDA
// refuses.

// sum ← a + b; sum may be a or b.
absl::Status LaunchAdd(KernelStream stream, DataType type, int64_t count, const void* a, const void* b, void* sum);

// values: [rows, columns] ← values + row, row: [columns], in each row.
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
