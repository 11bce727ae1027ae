// CUDA's layers on the host: the same kernels, by tests/cuda_stand_in. It shows that they compute what they should, not
// that a GPU does. Built once for each precision, kFloat32 and kBFloat16; TF32 is left out, since the stand-in's
// products do not round.
#include "tests/conformance/cuda_precisions.h"

namespace baton {

std::vector<BackendUnderTest> BackendsUnderTest() {
  constexpr CudaPrecision kPrecision = CudaPrecision::BATON_TESTED_PRECISION;
  const char* const name = kPrecision == CudaPrecision::kFloat32 ? "cuda f32 (stand-in)" : "cuda bf16 (stand-in)";
  return {CudaUnderTest(name, kPrecision, InOwnMemory)};
}

}  // namespace baton
