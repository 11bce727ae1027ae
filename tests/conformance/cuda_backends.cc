// The CUDA backend on a GPU, in each precision.
#include "tests/conformance/cuda_under_test.h"

namespace baton {

std::vector<BackendUnderTest> BackendsUnderTest() {
  return {CudaUnderTest("cuda f32", CudaPrecision::kFloat32), CudaUnderTest("cuda tf32", CudaPrecision::kTensorFloat32),
          CudaUnderTest("cuda bf16", CudaPrecision::kBFloat16)};
}

}  // namespace baton
