// Threads stride over the array that is written.
#include "ops/cuda/kernels/first_row.h"
#include "ops/cuda/kernels/strided.cuh"

namespace baton {
namespace {

// Arrays: LaunchFirstRow's.
template <typename T, int kWidth>
__global__ void __launch_bounds__(kStridedThreads) FirstRowKernel(FirstRowShape shape, const T* x, T* y) {
  const int64_t per_row = shape.width / kWidth;
  ForOwnAccesses(shape.sequences * per_row, [=](int64_t i) {
    const int64_t from = i / per_row * shape.rows * shape.width + i % per_row * kWidth;
    Store(y + i * kWidth, Load<kWidth>(x + from));
  });
}

// Arrays: LaunchFirstRowBackward's.
template <typename T, int kWidth>
__global__ void __launch_bounds__(kStridedThreads) FirstRowBackwardKernel(FirstRowShape shape, const T* dy, T* dx) {
  const int64_t per_row = shape.width / kWidth;
  ForOwnAccesses(shape.sequences * shape.rows * per_row, [=](int64_t i) {
    const int64_t sequence = i / (per_row * shape.rows);
    Floats<kWidth> out = {};
    if (i / per_row % shape.rows == 0) out = Load<kWidth>(dy + sequence * shape.width + i % per_row * kWidth);
    Store(dx + i * kWidth, out);
  });
}

}  // namespace

absl::Status LaunchFirstRow(KernelStream stream, const FirstRowShape& shape, const void* x, void* y) {
  return ForAccess(shape.type, shape.width, [&](auto element, auto width) {
    using T = decltype(element);
    constexpr int kWidth = decltype(width)::value;
    return Launch(FirstRowKernel<T, kWidth>, StridedShape(shape.sequences * shape.width / kWidth), stream, shape,
                  static_cast<const T*>(x), static_cast<T*>(y));
  });
}

absl::Status LaunchFirstRowBackward(KernelStream stream, const FirstRowShape& shape, const void* dy, void* dx) {
  return ForAccess(shape.type, shape.width, [&](auto element, auto width) {
    using T = decltype(element);
    constexpr int kWidth = decltype(width)::value;
    return Launch(FirstRowBackwardKernel<T, kWidth>, StridedShape(shape.sequences * shape.rows * shape.width / kWidth),
                  stream, shape, static_cast<const T*>(dy), static_cast<T*>(dx));
  });
}

}  // namespace baton
