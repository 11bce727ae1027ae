// CUDA backends for the conformance suite. Used by cuda_backends.cc and cuda_stand_in_backends.cc.
#ifndef BATON_TESTS_CONFORMANCE_CUDA_PRECISIONS_H_
#define BATON_TESTS_CONFORMANCE_CUDA_PRECISIONS_H_

#include <functional>
#include <memory>
#include <vector>

#include "ops/cuda/cuda_backend.h"
#include "tests/conformance/backends.h"

namespace baton {

// The workspace is small, since tests poison it before each call.
inline std::shared_ptr<Backend> MakeCudaBackend(CudaPrecision precision) {
  CudaBackendOptions options;
  options.precision = precision;
  options.matmul_workspace_bytes = 64 << 10;
  return std::make_shared<CudaBackend>(options);
}

// `make` returns the backend under test for a GPU or for the stand-in.
inline BackendUnderTest CudaUnderTest(
    const std::string& name, CudaPrecision precision,
    const std::function<BackendUnderTest(const std::string&, std::shared_ptr<Backend>)>& make) {
  BackendUnderTest under_test = make(name, MakeCudaBackend(precision));
  under_test.checks_ids = false;
  under_test.multiplies_exactly = precision != CudaPrecision::kTensorFloat32;
  return under_test;
}

}  // namespace baton

#endif  // BATON_TESTS_CONFORMANCE_CUDA_PRECISIONS_H_
