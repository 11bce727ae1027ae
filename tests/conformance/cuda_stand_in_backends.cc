// CUDA's layers on the host: the same kernels, by tests/cuda_stand_in. It shows that they compute what they should, not
// that a GPU does. TF32 is left out: the stand-in's products do not round.
#include "tests/conformance/cuda_precisions.h"

namespace baton {

std::vector<BackendUnderTest> BackendsUnderTest() {
  return {CudaUnderTest("cuda f32 (stand-in)", CudaPrecision::kFloat32, InOwnMemory),
          CudaUnderTest("cuda bf16 (stand-in)", CudaPrecision::kBFloat16, InOwnMemory)};
}

}  // namespace baton
