// Marks formulas that both kernels and host code call, so that tests reach the same lines without a GPU.
#ifndef BATON_OPS_CUDA_FORMULAS_HOST_DEVICE_H_
#define BATON_OPS_CUDA_FORMULAS_HOST_DEVICE_H_

#ifdef __CUDACC__
#define BATON_HOST_DEVICE __host__ __device__
#else
#define BATON_HOST_DEVICE
#endif

#endif  // BATON_OPS_CUDA_FORMULAS_HOST_DEVICE_H_
