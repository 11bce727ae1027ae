// Kernels that copy or map arrays: threads stride over the accesses to one array, so that neighbours make neighbouring
// accesses, and find the place in the other arrays. Included by .cu files.
//
//   template <typename T, int kWidth>
//   __global__ void __launch_bounds__(kStridedThreads) NegateKernel(int64_t count, const T* x, T* y) {
//     ForOwnAccesses(count / kWidth, [=](int64_t i) { … Load<kWidth>(x + i * kWidth) … });
//   }
//   return ForAccess(type, /*run=*/count, [&](auto element, auto width) {
//     using T = decltype(element);
//     constexpr int kWidth = decltype(width)::value;
//     return Launch(NegateKernel<T, kWidth>, StridedShape(count / kWidth), stream, count, …);
//   });
#ifndef BATON_OPS_CUDA_KERNELS_STRIDED_CUH_
#define BATON_OPS_CUDA_KERNELS_STRIDED_CUH_

#include <algorithm>
#include <type_traits>

#include "ops/cuda/device_code.h"
#include "ops/cuda/launch.h"

namespace baton {

inline constexpr int kStridedThreads = 256;
inline constexpr int64_t kMaxStridedBlocks = 1 << 16;

inline LaunchShape StridedShape(int64_t accesses, int64_t max_blocks = kMaxStridedBlocks) {
  const int64_t blocks = (accesses + kStridedThreads - 1) / kStridedThreads;
  return {static_cast<unsigned int>(std::min(blocks, max_blocks)), kStridedThreads};
}

// Calls function(number of the access) for the thread's own of `count` accesses.
template <typename Function>
__device__ void ForOwnAccesses(int64_t count, Function function) {
  const int64_t stride = static_cast<int64_t>(gridDim.x) * kStridedThreads;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * kStridedThreads + threadIdx.x; i < count; i += stride) {
    function(i);
  }
}

// Calls function(element of `type`, elements of an access as a constant): 16 bytes if `run`, the number of elements
// that are neighbours in every array, divides into them, else one element. Errors: ForElementType's and `function`'s.
template <typename Function>
absl::Status ForAccess(DataType type, int64_t run, Function function) {
  return ForElementType(type, [&](auto element) {
    constexpr int kWide = kPerAccess<decltype(element)>;
    if (run % kWide == 0) return function(element, std::integral_constant<int, kWide>{});
    return function(element, std::integral_constant<int, 1>{});
  });
}

}  // namespace baton

#endif  // BATON_OPS_CUDA_KERNELS_STRIDED_CUH_
