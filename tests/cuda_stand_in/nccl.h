// How tests make the stand-in for NCCL fail.
#ifndef BATON_TESTS_CUDA_STAND_IN_NCCL_H_
#define BATON_TESTS_CUDA_STAND_IN_NCCL_H_

#include <nccl.h>

namespace baton::stand_in {

// What every communicator's state is from now on; ncclSuccess: as it should be.
void FailNccl(ncclResult_t state);

}  // namespace baton::stand_in

#endif  // BATON_TESTS_CUDA_STAND_IN_NCCL_H_
