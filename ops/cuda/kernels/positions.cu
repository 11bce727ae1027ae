// Forward, and the gradient of the input: threads stride over the outputs. Gradients of parameters: a thread owns an
// access of columns of a position and sums it over the examples.
#include "ops/cuda/kernels/positions.h"
#include "ops/cuda/kernels/strided.cuh"

namespace baton {
namespace {

// Arrays: LaunchPositions's.
template <typename T, int kWidth>
__global__ void __launch_bounds__(kStridedThreads)
    PositionsKernel(PositionsShape shape, const T* x, const T* class_token, const T* positions, T* y) {
  const int64_t per_row = shape.width / kWidth;
  ForOwnAccesses(shape.examples * shape.rows * per_row, [=](int64_t i) {
    const int64_t c = i % per_row * kWidth;
    const int64_t row = i / per_row % shape.rows;
    const int64_t input_row = i / (per_row * shape.rows) * (shape.rows - shape.before) + row - shape.before;
    Floats<kWidth> out = Load<kWidth>(row < shape.before ? class_token + c : x + input_row * shape.width + c);
    const Floats<kWidth> position = Load<kWidth>(positions + row * shape.width + c);
    for (int j = 0; j < kWidth; ++j) out[j] += position[j];
    Store(y + i * kWidth, out);
  });
}

// Arrays: LaunchPositionsBackward's.
template <typename T, int kWidth>
__global__ void __launch_bounds__(kStridedThreads) PositionsBackwardKernel(PositionsShape shape, const T* dy, T* dx) {
  const int64_t per_example = (shape.rows - shape.before) * shape.width / kWidth;
  ForOwnAccesses(shape.examples * per_example, [=](int64_t i) {
    const int64_t skipped = (i / per_example + 1) * shape.before * shape.width;
    Store(dx + i * kWidth, Load<kWidth>(dy + i * kWidth + skipped));
  });
}

template <int kWidth>
__device__ void AddTo(const Floats<kWidth>& sum, float* gradient) {
  Floats<kWidth> total = Load<kWidth>(gradient);
  for (int j = 0; j < kWidth; ++j) total[j] += sum[j];
  Store(gradient, total);
}

// Arrays: LaunchPositionsGradients's.
template <typename T, int kWidth>
__global__ void __launch_bounds__(kStridedThreads)
    PositionsGradientsKernel(PositionsShape shape, const T* dy, float* position_gradient, float* class_token_gradient) {
  const int64_t elements = shape.rows * shape.width;
  ForOwnAccesses(elements / kWidth, [=](int64_t i) {
    const int64_t at = i * kWidth;
    Floats<kWidth> sum = {};
#pragma unroll 4
    for (int64_t example = 0; example < shape.examples; ++example) {
      const Floats<kWidth> own = Load<kWidth>(dy + example * elements + at);
      for (int j = 0; j < kWidth; ++j) sum[j] += own[j];
    }
    AddTo(sum, position_gradient + at);
    if (class_token_gradient != nullptr && at < shape.width) AddTo(sum, class_token_gradient + at);
  });
}

}  // namespace

absl::Status LaunchPositions(KernelStream stream, const PositionsShape& shape, const void* x, const void* class_token,
                             const void* positions, void* y) {
  return ForAccess(shape.type, shape.width, [&](auto element, auto width) {
    using T = decltype(element);
    constexpr int kWidth = decltype(width)::value;
    return Launch(PositionsKernel<T, kWidth>, StridedShape(shape.examples * shape.rows * shape.width / kWidth), stream,
                  shape, static_cast<const T*>(x), static_cast<const T*>(class_token), static_cast<const T*>(positions),
                  static_cast<T*>(y));
  });
}

absl::Status LaunchPositionsBackward(KernelStream stream, const PositionsShape& shape, const void* dy, void* dx) {
  return ForAccess(shape.type, shape.width, [&](auto element, auto width) {
    using T = decltype(element);
    constexpr int kWidth = decltype(width)::value;
    const int64_t elements = shape.examples * (shape.rows - shape.before) * shape.width;
    return Launch(PositionsBackwardKernel<T, kWidth>, StridedShape(elements / kWidth), stream, shape,
                  static_cast<const T*>(dy), static_cast<T*>(dx));
  });
}

absl::Status LaunchPositionsGradients(KernelStream stream, const PositionsShape& shape, const void* dy,
                                      float* position_gradient, float* class_token_gradient) {
  return ForAccess(shape.type, shape.width, [&](auto element, auto width) {
    using T = decltype(element);
    constexpr int kWidth = decltype(width)::value;
    return Launch(PositionsGradientsKernel<T, kWidth>, StridedShape(shape.rows * shape.width / kWidth), stream, shape,
                  static_cast<const T*>(dy), position_gradient, class_token_gradient);
  });
}

}  // namespace baton
