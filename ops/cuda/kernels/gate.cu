// Threads stride over the outputs.
#include "ops/cuda/kernels/for_activation.h"
#include "ops/cuda/kernels/gate.h"
#include "ops/cuda/kernels/strided.cuh"

namespace baton {
namespace {

// Arrays: LaunchGate's. kWidth: elements of an access.
template <typename T, int kWidth, typename Formula>
__global__ void __launch_bounds__(kStridedThreads) GateKernel(GateShape shape, const T* x, T* y) {
  const int64_t per_row = shape.width / kWidth;
  ForOwnAccesses(shape.rows * per_row, [=](int64_t i) {
    const int64_t at = i / per_row * 2 * shape.width + i % per_row * kWidth;
    const Floats<kWidth> a = Load<kWidth>(x + at);
    const Floats<kWidth> b = Load<kWidth>(x + at + shape.width);
    Floats<kWidth> out;
    for (int j = 0; j < kWidth; ++j) out[j] = Formula::Value(a[j]) * b[j];
    Store(y + i * kWidth, out);
  });
}

// Arrays: LaunchGateBackward's.
template <typename T, int kWidth, typename Formula>
__global__ void __launch_bounds__(kStridedThreads) GateBackwardKernel(GateShape shape, const T* x, const T* dy, T* dx) {
  const int64_t per_row = shape.width / kWidth;
  ForOwnAccesses(shape.rows * per_row, [=](int64_t i) {
    const int64_t at = i / per_row * 2 * shape.width + i % per_row * kWidth;
    const Floats<kWidth> a = Load<kWidth>(x + at);
    const Floats<kWidth> b = Load<kWidth>(x + at + shape.width);
    const Floats<kWidth> gradient = Load<kWidth>(dy + i * kWidth);
    Floats<kWidth> of_a;
    Floats<kWidth> of_b;
    for (int j = 0; j < kWidth; ++j) {
      of_a[j] = gradient[j] * b[j] * Formula::Slope(a[j]);
      of_b[j] = gradient[j] * Formula::Value(a[j]);
    }
    Store(dx + at, of_a);
    Store(dx + at + shape.width, of_b);
  });
}

}  // namespace

absl::Status LaunchGate(KernelStream stream, const GateShape& shape, ActivationKind kind, const void* x, void* y) {
  return ForAccess(shape.type, shape.width, [&](auto element, auto width) {
    using T = decltype(element);
    constexpr int kWidth = decltype(width)::value;
    return ForActivation(kind, [&](auto formula) {
      return Launch(GateKernel<T, kWidth, decltype(formula)>, StridedShape(shape.rows * shape.width / kWidth), stream,
                    shape, static_cast<const T*>(x), static_cast<T*>(y));
    });
  });
}

absl::Status LaunchGateBackward(KernelStream stream, const GateShape& shape, ActivationKind kind, const void* x,
                                const void* dy, void* dx) {
  return ForAccess(shape.type, shape.width, [&](auto element, auto width) {
    using T = decltype(element);
    constexpr int kWidth = decltype(width)::value;
    return ForActivation(kind, [&](auto formula) {
      return Launch(GateBackwardKernel<T, kWidth, decltype(formula)>, StridedShape(shape.rows * shape.width / kWidth),
                    stream, shape, static_cast<const T*>(x), static_cast<const T*>(dy), static_cast<T*>(dx));
    });
  });
}

}  // namespace baton
