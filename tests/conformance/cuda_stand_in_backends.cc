// The CUDA backend on the host: the same kernels, run by tests/cuda_stand_in. Built once for each precision, kFloat32
// and kBFloat16. TF32 is left out, since the stand-in's products do not round.
#include "tests/conformance/cuda_under_test.h"

namespace baton {

std::vector<BackendUnderTest> BackendsUnderTest() {
  constexpr CudaPrecision kPrecision = CudaPrecision::BATON_TESTED_PRECISION;
  const char* const name = kPrecision == CudaPrecision::kFloat32 ? "cuda f32 (stand-in)" : "cuda bf16 (stand-in)";
  return {CudaUnderTest(name, kPrecision)};
}

}  // namespace baton
