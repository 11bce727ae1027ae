// The kernel of dropout (Srivastava et al. 2014). Used by CudaDropout.
#ifndef BATON_OPS_CUDA_KERNELS_DROPOUT_H_
#define BATON_OPS_CUDA_KERNELS_DROPOUT_H_

#include "absl/status/status.h"
#include "ops/layers/layer.h"

namespace baton {

// The draws are those of ops/layers/dropout_mask.h, so that the mask has the same bits on every backend.
struct DropoutShape {
  DataType type = DataType::kFloat32;
  int64_t count = 0;          // elements
  int64_t length = 0;         // elements of a whole sequence
  int64_t first_element = 0;  // the number of the first element in the micro-batch; not 0 in slices of rows
  uint64_t name_hash = 0;     // DropoutNameHash of the layer
  uint64_t threshold = 0;     // elements whose word is below it are dropped
  float scale = 1.0f;         // of the elements that stay
};

// to ← from · scale, with 0 for elements that are dropped; to ← from if step->training is false. from, to:
// [count] of shape.type, f32 or bf16. `step`: in memory that host and device share, read when the kernel
// runs. first_sequence: the number of the micro-batch's first sequence in the step's batch. Reads `from` and writes
// `to`, each once. Asynchronous on `stream`. Errors: Internal if CUDA refuses the launch.
absl::Status LaunchDropout(KernelStream stream, const DropoutShape& shape, const StepContext* step,
                           int64_t first_sequence, const void* from, void* to);

}  // namespace baton

#endif  // BATON_OPS_CUDA_KERNELS_DROPOUT_H_
