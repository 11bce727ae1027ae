// CUDA C++ for the host: what kernels say of their place, barriers, warp shuffles and shared memory, when the C++
// compiler builds them for the stand-in. Included by ops/cuda/device_code.h in place of what nvcc knows by itself.
//
// A block's threads are fibers of one host thread. They switch at barriers and warp operations alone, in an order
// drawn anew each time, so that a missing barrier shows; blocks run in a random order too, and shared memory starts
// poisoned in each. Stricter than a GPU: a barrier or warp operation that not all threads of the block or warp reach
// is a fault, and so is a partial mask.
#ifndef BATON_TESTS_CUDA_STAND_IN_KERNEL_EMULATION_H_
#define BATON_TESTS_CUDA_STAND_IN_KERNEL_EMULATION_H_

#include <cuda_runtime.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>

#include "absl/status/status.h"

namespace baton::stand_in {

inline constexpr int kWarpSize = 32;

struct ThreadPlace {
  uint3 thread = {};
  uint3 block = {};
  dim3 block_extent;
  dim3 grid_extent;
};

// Of the emulated thread that runs; kernels alone may ask.
const ThreadPlace& Place();

// Waits for all threads of the block; or of the warp.
void SyncBlock();
void SyncWarp(unsigned int mask);

// Waits for all threads of the warp and gives what each lane handed in (its lanes are `*num_lanes`), until the next
// warp operation but one.
const uint64_t* ExchangeInWarp(unsigned int mask, uint64_t own, int* num_lanes, int* lane);

// A block's dynamic shared memory.
std::byte* DynamicSharedMemory();

// A fault if `address` is not a multiple of `bytes`: GPUs trap on a vector access that is not aligned.
void CheckAligned(const void* address, size_t bytes);

// Poisons `memory` the first time that a thread of a block passes it; static shared memory begins so.
void BeginShared(void* memory, size_t bytes);

// Runs `body` for each thread of each block, on the calling thread. Errors: Internal for a launch that no GPU takes,
// and for a barrier that not all threads reach.
absl::Status RunKernel(const dim3& grid, const dim3& block, size_t shared_bytes, const std::function<void()>& body);

// The orders of later kernels follow from `seed`; any thread.
void SetKernelOrder(uint64_t seed);

template <typename T>
T ExchangeWith(unsigned int mask, T value, int (*source)(int lane, int argument), int argument) {
  static_assert(sizeof(T) <= sizeof(uint64_t), "a lane hands over 8 bytes at most");
  uint64_t own = 0;
  std::memcpy(&own, &value, sizeof(T));
  int num_lanes;
  int lane;
  const uint64_t* values = ExchangeInWarp(mask, own, &num_lanes, &lane);
  const int from = source(lane, argument);
  if (from >= 0 && from < num_lanes) std::memcpy(&value, &values[from], sizeof(T));
  return value;
}

}  // namespace baton::stand_in

#ifndef __launch_bounds__
#define __launch_bounds__(...)
#endif

#define threadIdx (::baton::stand_in::Place().thread)
#define blockIdx (::baton::stand_in::Place().block)
#define blockDim (::baton::stand_in::Place().block_extent)
#define gridDim (::baton::stand_in::Place().grid_extent)

inline void __syncthreads() { ::baton::stand_in::SyncBlock(); }
inline void __syncwarp(unsigned int mask = 0xffffffffu) { ::baton::stand_in::SyncWarp(mask); }

template <typename T>
T __shfl_xor_sync(unsigned int mask, T value, int lane_mask) {
  return ::baton::stand_in::ExchangeWith(
      mask, value, [](int lane, int argument) { return lane ^ argument; }, lane_mask);
}

template <typename T>
T __shfl_sync(unsigned int mask, T value, int source_lane) {
  return ::baton::stand_in::ExchangeWith(
      mask, value, [](int lane, int argument) { return argument; }, source_lane);
}

inline unsigned int __ballot_sync(unsigned int mask, int predicate) {
  int num_lanes;
  int lane;
  const uint64_t* values = ::baton::stand_in::ExchangeInWarp(mask, predicate != 0 ? 1 : 0, &num_lanes, &lane);
  unsigned int result = 0;
  for (int i = 0; i < num_lanes; ++i) result |= static_cast<unsigned int>(values[i]) << i;
  return result;
}

inline int __ffs(unsigned int value) { return __builtin_ffs(static_cast<int>(value)); }

#endif  // BATON_TESTS_CUDA_STAND_IN_KERNEL_EMULATION_H_
