// Each thread makes one 16-byte access to each array.
#include "ops/cuda/device_code.h"
#include "ops/cuda/kernels/elementwise.h"
#include "ops/cuda/kernels/for_activation.h"
#include "ops/cuda/launch.h"

namespace baton {
namespace {

constexpr int kThreads = 256;

// Calls function(result, begin) for the thread's elements, where the type of `result`, Floats<width>, gives the width
// of the access: a whole 16 bytes, or one element for each of the array's last few.
template <typename T, typename Function>
__device__ void ForOwnElements(int64_t count, Function function) {
  constexpr int kWide = kPerAccess<T>;
  const int64_t begin = (static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x) * kWide;
  if (begin + kWide <= count) {
    function(Floats<kWide>{}, begin);
  } else {
    for (int64_t i = begin; i < count; ++i) function(Floats<1>{}, i);
  }
}

template <typename T>
LaunchShape ShapeFor(int64_t count) {
  return {NumBlocks(count, int64_t{kThreads} * kPerAccess<T>), kThreads};
}

template <typename T>
__global__ void AddKernel(int64_t count, const T* a, const T* b, T* sum) {
  ForOwnElements<T>(count, [=](auto result, int64_t at) {
    constexpr int kWidth = sizeof(result) / sizeof(float);
    const auto x = Load<kWidth>(a + at);
    const auto y = Load<kWidth>(b + at);
    for (int i = 0; i < kWidth; ++i) result[i] = x[i] + y[i];
    Store(sum + at, result);
  });
}

template <typename T>
__global__ void AddRowKernel(int64_t count, int64_t columns, const T* row, T* values) {
  const int64_t i = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (i < count) values[i] = FromFloat<T>(ToFloat(values[i]) + ToFloat(row[i % columns]));
}

template <typename T, typename Formula>
__global__ void ActivationKernel(int64_t count, const T* x, T* y) {
  ForOwnElements<T>(count, [=](auto result, int64_t at) {
    constexpr int kWidth = sizeof(result) / sizeof(float);
    const auto in = Load<kWidth>(x + at);
    for (int i = 0; i < kWidth; ++i) result[i] = Formula::Value(in[i]);
    Store(y + at, result);
  });
}

template <typename T, typename Formula>
__global__ void ActivationBackwardKernel(int64_t count, const T* x, const T* dy, T* dx) {
  ForOwnElements<T>(count, [=](auto result, int64_t at) {
    constexpr int kWidth = sizeof(result) / sizeof(float);
    const auto in = Load<kWidth>(x + at);
    const auto gradient = Load<kWidth>(dy + at);
    for (int i = 0; i < kWidth; ++i) result[i] = gradient[i] * Formula::Slope(in[i]);
    Store(dx + at, result);
  });
}

}  // namespace

absl::Status LaunchAdd(KernelStream stream, DataType type, int64_t count, const void* a, const void* b, void* sum) {
  return ForElementType(type, [&](auto element) {
    using T = decltype(element);
    return Launch(AddKernel<T>, ShapeFor<T>(count), stream, count, static_cast<const T*>(a), static_cast<const T*>(b),
                  static_cast<T*>(sum));
  });
}

absl::Status LaunchAddRow(KernelStream stream, DataType type, int64_t rows, int64_t columns, const void* row,
                          void* values) {
  return ForElementType(type, [&](auto element) {
    using T = decltype(element);
    return Launch(AddRowKernel<T>, {NumBlocks(rows * columns, kThreads), kThreads}, stream, rows * columns, columns,
                  static_cast<const T*>(row), static_cast<T*>(values));
  });
}

absl::Status LaunchActivation(KernelStream stream, DataType type, ActivationKind kind, int64_t count, const void* x,
                              void* y) {
  return ForElementType(type, [&](auto element) {
    using T = decltype(element);
    return ForActivation(kind, [&](auto formula) {
      return Launch(ActivationKernel<T, decltype(formula)>, ShapeFor<T>(count), stream, count, static_cast<const T*>(x),
                    static_cast<T*>(y));
    });
  });
}

absl::Status LaunchActivationBackward(KernelStream stream, DataType type, ActivationKind kind, int64_t count,
                                      const void* x, const void* dy, void* dx) {
  return ForElementType(type, [&](auto element) {
    using T = decltype(element);
    return ForActivation(kind, [&](auto formula) {
      return Launch(ActivationBackwardKernel<T, decltype(formula)>, ShapeFor<T>(count), stream, count,
                    static_cast<const T*>(x), static_cast<const T*>(dy), static_cast<T*>(dx));
    });
  });
}

}  // namespace baton
