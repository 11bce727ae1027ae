// A block strides over the rows. For each it computes the sine and cosine of every pair's angle once, into shared
// memory, and then turns all heads by them.
#include <algorithm>

#include "ops/cuda/device_code.h"
#include "ops/cuda/kernels/rotary.h"
#include "ops/cuda/launch.h"

namespace baton {
namespace {

constexpr int kThreads = 256;
constexpr int64_t kMaxBlocks = 1 << 16;

// One row: turns the pairs. from, to: [row]; cosines, sines: [pairs], shared.
template <typename T, int kWidth>
__device__ void TurnHeads(const RotaryShape& shape, const float* cosines, const float* sines, const T* from, T* to) {
  const int64_t pairs = shape.width / 2;
  const int64_t per_head = pairs / kWidth;
  for (int64_t i = threadIdx.x; i < shape.heads * per_head; i += kThreads) {
    const int64_t pair = i % per_head * kWidth;
    const int64_t at = i / per_head * shape.width + pair;
    const Floats<kWidth> a = Load<kWidth>(from + at);
    const Floats<kWidth> b = Load<kWidth>(from + at + pairs);
    Floats<kWidth> turned_a;
    Floats<kWidth> turned_b;
    for (int j = 0; j < kWidth; ++j) {
      turned_a[j] = a[j] * cosines[pair + j] - b[j] * sines[pair + j];
      turned_b[j] = b[j] * cosines[pair + j] + a[j] * sines[pair + j];
    }
    Store(to + at, turned_a);
    Store(to + at + pairs, turned_b);
  }
}

// Arrays: LaunchRotary's. kWidth: elements of an access.
template <typename T, int kWidth>
__global__ void __launch_bounds__(kThreads) RotaryKernel(RotaryShape shape, float sign, const T* from, T* to) {
  BATON_SHARED_ARRAY(float, cosines, kMaxRotaryPairs);
  BATON_SHARED_ARRAY(float, sines, kMaxRotaryPairs);
  for (int64_t row = blockIdx.x; row < shape.sequences * shape.context; row += gridDim.x) {
    const float position = static_cast<float>(row % shape.context);
    __syncthreads();  // all threads have read the last row's angles
    for (int64_t pair = threadIdx.x; pair < shape.width / 2; pair += kThreads) {
      const float angle = position * shape.frequencies[pair];
      cosines[pair] = shape.magnitude * cosf(angle);
      sines[pair] = sign * (shape.magnitude * sinf(angle));
    }
    __syncthreads();
    const T* const own = from + row * shape.row;
    T* const result = to + row * shape.row;
    TurnHeads<T, kWidth>(shape, cosines, sines, own, result);
    const int64_t turned = shape.heads * shape.width;
    for (int64_t c = turned + static_cast<int64_t>(threadIdx.x) * kWidth; c < shape.row; c += kThreads * kWidth) {
      Store(result + c, Load<kWidth>(own + c));
    }
  }
}

}  // namespace

absl::Status LaunchRotary(KernelStream stream, const RotaryShape& shape, bool forward, const void* from, void* to) {
  return ForElementType(shape.type, [&](auto element) {
    using T = decltype(element);
    const bool wide = shape.width / 2 % kPerAccess<T> == 0 && shape.row % kPerAccess<T> == 0;
    const auto kernel = wide ? RotaryKernel<T, kPerAccess<T>> : RotaryKernel<T, 1>;
    const int64_t blocks = std::min(shape.sequences * shape.context, kMaxBlocks);
    return Launch(kernel, {static_cast<unsigned int>(blocks), kThreads}, stream, shape, forward ? 1.0f : -1.0f,
                  static_cast<const T*>(from), static_cast<T*>(to));
  });
}

}  // namespace baton
