// The CUDA backend on the host: the same kernels, run by tests/cuda_stand_in. Built once for each precision, kFloat32
// and kBFloat16. TF32 is left out, since the stand-in's products do not round.
#include <cuda_runtime_api.h>

#include <stdexcept>

#include "tests/conformance/cuda_precisions.h"

namespace baton {
namespace {

BackendUnderTest OnStandIn(const std::string& name, std::shared_ptr<Backend> backend) {
  BackendUnderTest under_test;
  under_test.name = name;
  under_test.backend = std::move(backend);
  under_test.allocate = [](Bytes bytes) {
    void* memory = nullptr;
    if (cudaMallocHost(&memory, static_cast<size_t>(bytes)) != cudaSuccess)
      throw std::runtime_error("cudaMallocHost failed");
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
  constexpr CudaPrecision kPrecision = CudaPrecision::BATON_TESTED_PRECISION;
  const char* const name = kPrecision == CudaPrecision::kFloat32 ? "cuda f32 (stand-in)" : "cuda bf16 (stand-in)";
  return {CudaUnderTest(name, kPrecision, OnStandIn)};
}

}  // namespace baton
