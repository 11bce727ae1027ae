// Marks functions that CUDA kernels and host code both call. Used by the formulas of ops/cuda and ops/optimizer, so
// that host code and tests run the same lines as a kernel.
#ifndef BATON_BASE_HOST_DEVICE_FUNCTION_H_
#define BATON_BASE_HOST_DEVICE_FUNCTION_H_

#ifdef __CUDACC__
#define BATON_HOST_DEVICE __host__ __device__
#else
#define BATON_HOST_DEVICE
#endif

#endif  // BATON_BASE_HOST_DEVICE_FUNCTION_H_
