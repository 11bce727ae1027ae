// The tests' control over the stand-in's NCCL.
#ifndef BATON_TESTS_CUDA_STAND_IN_NCCL_H_
#define BATON_TESTS_CUDA_STAND_IN_NCCL_H_

#include <nccl.h>

#include <cstdint>

namespace baton::stand_in {

// From now on, every communicator's state is `state`; ncclSuccess: they work.
void FailNccl(ncclResult_t state);
// The bytes that all communicators have sent since the process began.
int64_t NcclBytes();

}  // namespace baton::stand_in

#endif  // BATON_TESTS_CUDA_STAND_IN_NCCL_H_
