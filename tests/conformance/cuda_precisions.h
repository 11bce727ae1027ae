// A CUDA backend as the suite tries it. Used by the lists for GPUs and for their stand-in.
#ifndef BATON_TESTS_CONFORMANCE_CUDA_PRECISIONS_H_
#define BATON_TESTS_CONFORMANCE_CUDA_PRECISIONS_H_

#include <functional>
#include <memory>
#include <vector>

#include "ops/cuda/cuda_backend.h"
#include "tests/conformance/backends.h"

namespace baton {

// One of them. A small workspace, since tests poison it at each call.
inline std::shared_ptr<Backend> MakeCudaBackend(CudaPrecision precision) {
  CudaBackendOptions options;
  options.precision = precision;
  options.matmul_workspace_bytes = 64 << 10;
  return std::make_shared<CudaBackend>(options);
}

// `place` says where it runs.
inline BackendUnderTest CudaUnderTest(
    const std::string& name, CudaPrecision precision,
    const std::function<BackendUnderTest(const std::string&, std::shared_ptr<Backend>)>& place) {
  BackendUnderTest under_test = place(name, MakeCudaBackend(precision));
  under_test.checks_ids = false;
  under_test.multiplies_exactly = precision != CudaPrecision::kTensorFloat32;
  return under_test;
}

}  // namespace baton

#endif  // BATON_TESTS_CONFORMANCE_CUDA_PRECISIONS_H_
