// CUDA devices as the suite sees them, on GPUs and on the stand-in.
#ifndef BATON_TESTS_CONFORMANCE_DEVICES_CUDA_KINDS_H_
#define BATON_TESTS_CONFORMANCE_DEVICES_CUDA_KINDS_H_

#include "tests/conformance/devices/machine_under_test.h"

namespace baton {

// Devices with CudaTransport. The caller sets num_seeds, and machine of what `make` returns.
KindUnderTest CudaKind();

// A process for each device, emulated in this one, each with an NcclTransport. Needs as many GPUs.
KindUnderTest NcclKind();

}  // namespace baton

#endif  // BATON_TESTS_CONFORMANCE_DEVICES_CUDA_KINDS_H_
