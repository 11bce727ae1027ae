// The CUDA backend on a GPU. Memory is pinned host memory, which kernels can access.
#include <cuda_runtime_api.h>

#include <stdexcept>

#include "tests/conformance/cuda_precisions.h"

namespace baton {
namespace {

BackendUnderTest OnGpu(const std::string& name, std::shared_ptr<Backend> backend) {
  BackendUnderTest under_test;
  under_test.name = name;
  under_test.backend = std::move(backend);
  under_test.allocate = [](Bytes bytes) {
    void* memory = nullptr;
    const cudaError_t error = cudaHostAlloc(&memory, static_cast<size_t>(bytes), cudaHostAllocMapped);
    if (error != cudaSuccess) throw std::runtime_error(cudaGetErrorString(error));
    return static_cast<std::byte*>(memory);
  };
  under_test.release = [](std::byte* memory) { cudaFreeHost(memory); };
  under_test.synchronize = [] {
    const cudaError_t error = cudaDeviceSynchronize();
    if (error != cudaSuccess) throw std::runtime_error(cudaGetErrorString(error));
  };
  return under_test;
}

}  // namespace

std::vector<BackendUnderTest> BackendsUnderTest() {
  return {CudaUnderTest("cuda f32", CudaPrecision::kFloat32, OnGpu),
          CudaUnderTest("cuda tf32", CudaPrecision::kTensorFloat32, OnGpu),
          CudaUnderTest("cuda bf16", CudaPrecision::kBFloat16, OnGpu)};
}

}  // namespace baton
