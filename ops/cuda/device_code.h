// Helpers of Baton's kernels: element types, 16-byte accesses, shared memory, sums over warps and blocks. Included by
// .cu files alone. nvcc compiles those for GPUs; the C++ compiler compiles them for the host, for tests
// (tests/cuda_stand_in).
#ifndef BATON_OPS_CUDA_DEVICE_CODE_H_
#define BATON_OPS_CUDA_DEVICE_CODE_H_

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>

// BATON_SHARED_ARRAY(float, name, 32) declares an array that the threads of a block share.
// BATON_DYNAMIC_SHARED(float, name) declares a pointer to the launch's dynamic shared memory, 16-byte aligned.
// BATON_CHECK_ALIGNED(address, bytes): in the stand-in, a fault unless `address` is a multiple of `bytes`.
// BATON_NO_INLINE: of a function that is called rarely, so that its registers do not count for its callers.
#ifdef __CUDACC__
#define BATON_NO_INLINE __noinline__
#define BATON_SHARED_ARRAY(type, name, count) __shared__ __align__(16) type name[count]
#define BATON_DYNAMIC_SHARED(type, name)                                \
  extern __shared__ __align__(16) unsigned char baton_dynamic_shared[]; \
  type* const name = reinterpret_cast<type*>(baton_dynamic_shared)
#define BATON_CHECK_ALIGNED(address, bytes)
#else
#include "tests/cuda_stand_in/kernel_emulation.h"
#define BATON_NO_INLINE __attribute__((noinline))
#define BATON_SHARED_ARRAY(type, name, count)       \
  alignas(16) static thread_local type name[count]; \
  ::baton::stand_in::BeginShared(name, sizeof(name))
#define BATON_DYNAMIC_SHARED(type, name) \
  type* const name = reinterpret_cast<type*>(::baton::stand_in::DynamicSharedMemory())
#define BATON_CHECK_ALIGNED(address, bytes) ::baton::stand_in::CheckAligned(address, bytes)
#endif

namespace baton {

inline constexpr int kThreadsPerWarp = 32;
inline constexpr unsigned int kWholeWarp = 0xffffffffu;

__device__ inline float ToFloat(float value) { return value; }
__device__ inline float ToFloat(__nv_bfloat16 value) { return __bfloat162float(value); }

template <typename T>
__device__ inline T FromFloat(float value);
template <>
__device__ inline float FromFloat<float>(float value) {
  return value;
}
// Rounds to nearest, ties to even.
template <>
__device__ inline __nv_bfloat16 FromFloat<__nv_bfloat16>(float value) {
  return __float2bfloat16_rn(value);
}

// The number of elements in one 16-byte access.
template <typename T>
inline constexpr int kPerAccess = 16 / static_cast<int>(sizeof(T));

// Consecutive elements in registers, as f32.
template <int kCount>
struct Floats {
  float values[kCount];
  __device__ float& operator[](int i) { return values[i]; }
  __device__ float operator[](int i) const { return values[i]; }
};

template <typename T, int kCount>
struct alignas(sizeof(T) * kCount) Access {
  T elements[kCount];
};

// Reads `kCount` elements: 1, or a multiple of kPerAccess<T> from a 16-byte aligned address.
template <int kCount, typename T>
__device__ inline Floats<kCount> Load(const T* from) {
  constexpr int kStep = kCount < kPerAccess<T> ? kCount : kPerAccess<T>;
  static_assert(kCount % kStep == 0, "whole accesses");
  Floats<kCount> result;
  BATON_CHECK_ALIGNED(from, sizeof(Access<T, kStep>));
#pragma unroll
  for (int begin = 0; begin < kCount; begin += kStep) {
    const Access<T, kStep> access = *reinterpret_cast<const Access<T, kStep>*>(from + begin);
#pragma unroll
    for (int i = 0; i < kStep; ++i) result[begin + i] = ToFloat(access.elements[i]);
  }
  return result;
}

// Rounds `values` to T and writes them; counts and alignment as for Load.
template <int kCount, typename T>
__device__ inline void Store(T* to, const Floats<kCount>& values) {
  constexpr int kStep = kCount < kPerAccess<T> ? kCount : kPerAccess<T>;
  static_assert(kCount % kStep == 0, "whole accesses");
  BATON_CHECK_ALIGNED(to, sizeof(Access<T, kStep>));
#pragma unroll
  for (int begin = 0; begin < kCount; begin += kStep) {
    Access<T, kStep> access;
#pragma unroll
    for (int i = 0; i < kStep; ++i) access.elements[i] = FromFloat<T>(values[begin + i]);
    *reinterpret_cast<Access<T, kStep>*>(to + begin) = access;
  }
}

// The sum over the lanes of the warp, with the same bits in every lane.
template <typename T>
__device__ inline T WarpSum(T value) {
#pragma unroll
  for (int distance = kThreadsPerWarp / 2; distance > 0; distance /= 2) {
    value += __shfl_xor_sync(kWholeWarp, value, distance);
  }
  return value;
}

// The sum over the block's kThreads threads, in every thread: first over the lanes of each warp, then over warps in
// order.
template <int kThreads, typename T>
__device__ inline T BlockSum(T value) {
  constexpr int kWarps = kThreads / kThreadsPerWarp;
  static_assert(kThreads % kThreadsPerWarp == 0, "whole warps");
  BATON_SHARED_ARRAY(T, of_warps, kWarps);
  const T of_warp = WarpSum(value);
  if (threadIdx.x % kThreadsPerWarp == 0) of_warps[threadIdx.x / kThreadsPerWarp] = of_warp;
  __syncthreads();
  T sum = of_warps[0];
  for (int warp = 1; warp < kWarps; ++warp) sum += of_warps[warp];
  __syncthreads();
  return sum;
}

// True in every thread if `value` is true in one of the block's kThreads threads.
template <int kThreads>
__device__ inline bool BlockAny(bool value) {
  constexpr int kWarps = kThreads / kThreadsPerWarp;
  BATON_SHARED_ARRAY(int, of_warps, kWarps);
  const unsigned int of_warp = __ballot_sync(kWholeWarp, value);
  if (threadIdx.x % kThreadsPerWarp == 0) of_warps[threadIdx.x / kThreadsPerWarp] = of_warp != 0 ? 1 : 0;
  __syncthreads();
  bool any = false;
  for (int warp = 0; warp < kWarps; ++warp) any |= of_warps[warp] != 0;
  __syncthreads();
  return any;
}

}  // namespace baton

#endif  // BATON_OPS_CUDA_DEVICE_CODE_H_
