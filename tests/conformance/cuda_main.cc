// main() of the tests that need a GPU. Without one it prints SKIPPED and runs nothing.
#define CATCH_CONFIG_RUNNER
#include <cuda_runtime_api.h>

#include <catch2/catch.hpp>
#include <iostream>

int main(int argc, char** argv) {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error != cudaSuccess || count == 0) {
    std::cout << "SKIPPED: no CUDA device ("
              << (error == cudaSuccess ? "the driver lists none" : cudaGetErrorString(error))
              << "), so nothing here ran on a GPU\n";
    return 0;
  }
  cudaDeviceProp properties;
  if (cudaGetDeviceProperties(&properties, 0) == cudaSuccess) std::cout << "on " << properties.name << "\n";
  return Catch::Session().run(argc, argv);
}
