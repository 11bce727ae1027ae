// Threads stride over the array that is written.
#include <numeric>

#include "ops/cuda/kernels/columns.h"
#include "ops/cuda/kernels/strided.cuh"

namespace baton {
namespace {

// Arrays: LaunchColumns's. kWidth: elements of an access.
template <typename T, int kWidth>
__global__ void __launch_bounds__(kStridedThreads) ColumnsKernel(ColumnsShape shape, const T* x, T* y) {
  const int64_t per_row = (shape.end - shape.begin) / kWidth;
  ForOwnAccesses(shape.rows * per_row, [=](int64_t i) {
    const int64_t from = i / per_row * shape.width + shape.begin + i % per_row * kWidth;
    Store(y + i * kWidth, Load<kWidth>(x + from));
  });
}

// Arrays: LaunchColumnsBackward's.
template <typename T, int kWidth>
__global__ void __launch_bounds__(kStridedThreads) ColumnsBackwardKernel(ColumnsShape shape, const T* dy, T* dx) {
  const int64_t per_row = shape.width / kWidth;
  ForOwnAccesses(shape.rows * per_row, [=](int64_t i) {
    const int64_t column = i % per_row * kWidth;
    Floats<kWidth> out = {};
    if (column >= shape.begin && column < shape.end) {
      out = Load<kWidth>(dy + i / per_row * (shape.end - shape.begin) + column - shape.begin);
    }
    Store(dx + i * kWidth, out);
  });
}

// The elements that are neighbours in all arrays.
int64_t RunOf(const ColumnsShape& shape) { return std::gcd(std::gcd(shape.begin, shape.end), shape.width); }

}  // namespace

absl::Status LaunchColumns(KernelStream stream, const ColumnsShape& shape, const void* x, void* y) {
  return ForAccess(shape.type, RunOf(shape), [&](auto element, auto width) {
    using T = decltype(element);
    constexpr int kWidth = decltype(width)::value;
    return Launch(ColumnsKernel<T, kWidth>, StridedShape(shape.rows * (shape.end - shape.begin) / kWidth), stream,
                  shape, static_cast<const T*>(x), static_cast<T*>(y));
  });
}

absl::Status LaunchColumnsBackward(KernelStream stream, const ColumnsShape& shape, const void* dy, void* dx) {
  return ForAccess(shape.type, RunOf(shape), [&](auto element, auto width) {
    using T = decltype(element);
    constexpr int kWidth = decltype(width)::value;
    return Launch(ColumnsBackwardKernel<T, kWidth>, StridedShape(shape.rows * shape.width / kWidth), stream, shape,
                  static_cast<const T*>(dy), static_cast<T*>(dx));
  });
}

}  // namespace baton
