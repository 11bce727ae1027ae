// The tests' control over the stand-in's NCCL.
#ifndef BATON_TESTS_CUDA_STAND_IN_NCCL_H_
#define BATON_TESTS_CUDA_STAND_IN_NCCL_H_

#include <nccl.h>

namespace baton::stand_in {

// From now on, every communicator's state is `state`; ncclSuccess: they work.
void FailNccl(ncclResult_t state);

}  // namespace baton::stand_in

#endif  // BATON_TESTS_CUDA_STAND_IN_NCCL_H_
