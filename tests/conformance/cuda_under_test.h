// The CUDA backend under test, on a GPU or on the stand-in. Used by cuda_backends.cc and cuda_stand_in_backends.cc.
#ifndef BATON_TESTS_CONFORMANCE_CUDA_UNDER_TEST_H_
#define BATON_TESTS_CONFORMANCE_CUDA_UNDER_TEST_H_

#include <cuda_runtime_api.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "ops/cuda/cuda_backend.h"
#include "tests/conformance/backends.h"

namespace baton {

inline void ThrowIfCudaFails(cudaError_t error) {
  if (error != cudaSuccess) throw std::runtime_error(cudaGetErrorString(error));
}

// Memory is pinned host memory, which kernels can access. cuBLASLt's workspace is small, since tests poison it before
// each call.
inline BackendUnderTest CudaUnderTest(const std::string& name, CudaPrecision precision) {
  CudaBackendOptions options;
  options.precision = precision;
  options.matmul_workspace_bytes = 64 << 10;
  BackendUnderTest under_test;
  under_test.name = name;
  under_test.backend = std::make_shared<CudaBackend>(options);
  under_test.allocate = [](Bytes bytes) {
    void* memory = nullptr;
    ThrowIfCudaFails(cudaHostAlloc(&memory, static_cast<size_t>(bytes), cudaHostAllocMapped));
    return static_cast<std::byte*>(memory);
  };
  under_test.release = [](std::byte* memory) { cudaFreeHost(memory); };
  under_test.synchronize = [] { ThrowIfCudaFails(cudaDeviceSynchronize()); };
  under_test.checks_ids = false;
  under_test.multiplies_exactly = precision != CudaPrecision::kTensorFloat32;
  under_test.refusals = {
      "convolution: the cuda backend has no such layer", "group norm: the cuda backend has no such layer",
      "batch norm: the cuda backend has no such layer", "pooling: the cuda backend has no such layer",
      "global average: the cuda backend has no such layer"};
  return under_test;
}

}  // namespace baton

#endif  // BATON_TESTS_CONFORMANCE_CUDA_UNDER_TEST_H_
