// Streams that are always empty: work runs when it is enqueued.
#include "tests/cuda_stand_in/stream_queue.h"

#include <cstdio>
#include <cstdlib>

namespace baton::stand_in {

void Enqueue(cudaStream_t stream, std::function<void()> work) { work(); }

void ReportFault(const std::string& fault) {
  std::fprintf(stderr, "the CUDA stand-in found a fault: %s\n", fault.c_str());
  std::abort();
}

}  // namespace baton::stand_in

// What kernels' callers ask of the runtime.
extern "C" {

cudaError_t cudaGetDevice(int* device) {
  *device = 0;
  return cudaSuccess;
}

const char* cudaGetErrorName(cudaError_t error) { return error == cudaSuccess ? "cudaSuccess" : "cudaError"; }

const char* cudaGetErrorString(cudaError_t error) { return "an error of the CUDA stand-in"; }

}  // extern "C"
