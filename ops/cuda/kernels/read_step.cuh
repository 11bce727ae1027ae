// Reads the facts of a step from memory that host and device share. Included by .cu files whose kernels drop.
#ifndef BATON_OPS_CUDA_KERNELS_READ_STEP_CUH_
#define BATON_OPS_CUDA_KERNELS_READ_STEP_CUH_

#include "ops/cuda/device_code.h"
#include "ops/tensor/pass_buffers.h"

namespace baton {

// One thread of the block reads the step over the bus; all threads must call this, and return it.
__device__ inline StepContext ReadStep(const StepContext* shared_step) {
  BATON_SHARED_ARRAY(int64_t, fields, 3);
  if (threadIdx.x == 0) {
    fields[0] = shared_step->training ? 1 : 0;
    fields[1] = static_cast<int64_t>(shared_step->seed);
    fields[2] = shared_step->step;
  }
  __syncthreads();
  StepContext step;
  step.training = fields[0] != 0;
  step.seed = static_cast<uint64_t>(fields[1]);
  step.step = fields[2];
  return step;
}

}  // namespace baton

#endif  // BATON_OPS_CUDA_KERNELS_READ_STEP_CUH_
