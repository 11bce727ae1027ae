// CUDA C++ on the host: thread indices, barriers, warp operations and shared memory for kernels that the C++ compiler
// builds for the stand-in. Included by ops/cuda/device_code.h where nvcc does not compile.
//
// The threads of a block are fibers of one host thread. They switch only at barriers and warp operations, in a new
// random order each time, so that a missing barrier gives wrong results. Blocks run in a random order too, and shared
// memory starts poisoned in each. The emulation is stricter than a GPU: a barrier or warp operation that not all
// threads of the block or warp reach is a fault, and so is a partial mask.
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

struct ThreadIndices {
  uint3 thread = {};
  uint3 block = {};
  dim3 block_extent;
  dim3 grid_extent;
};

// The indices of the emulated thread that runs. Only kernels may call it.
const ThreadIndices& CurrentThread();

// Waits for all threads of the block.
void SyncBlock();
// Waits for all threads of the warp.
void SyncWarp(unsigned int mask);

// Waits for all threads of the warp and returns the value of each lane, [*num_lanes]. The array is valid until the
// second next warp operation.
const uint64_t* ExchangeInWarp(unsigned int mask, uint64_t own, int* num_lanes, int* lane);

// The block's dynamic shared memory.
std::byte* DynamicSharedMemory();

// Makes the kernel fail unless `address` is a multiple of `bytes`: GPUs trap on a vector access that is not aligned.
void CheckAligned(const void* address, size_t bytes);

// Poisons `memory`, static shared memory, the first time that a thread of the block calls this for it.
void BeginShared(void* memory, size_t bytes);

// Runs `body` for each thread of each block, on the calling thread. Errors: Internal for a launch that no GPU takes, a
// barrier that not all threads reach, a partial mask and an access that is not aligned.
absl::Status RunKernel(const dim3& grid, const dim3& block, size_t shared_bytes, const std::function<void()>& body);

// Seeds the random orders of later kernels. Thread contract: any thread.
void SetKernelOrder(uint64_t seed);

// Gives each lane the value of lane source(lane, argument); a lane outside the warp leaves the value unchanged.
template <typename T>
T ExchangeWith(unsigned int mask, T value, int (*source)(int lane, int argument), int argument) {
  static_assert(sizeof(T) <= sizeof(uint64_t), "a lane exchanges 8 bytes at most");
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

#define threadIdx (::baton::stand_in::CurrentThread().thread)
#define blockIdx (::baton::stand_in::CurrentThread().block)
#define blockDim (::baton::stand_in::CurrentThread().block_extent)
#define gridDim (::baton::stand_in::CurrentThread().grid_extent)

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

inline int __popc(unsigned int value) { return __builtin_popcount(value); }
inline int __ffs(unsigned int value) { return __builtin_ffs(static_cast<int>(value)); }

#endif  // BATON_TESTS_CUDA_STAND_IN_KERNEL_EMULATION_H_
