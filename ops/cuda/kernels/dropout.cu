// Threads stride over units of elements: one 16-byte access, which one or two draws decide on, or, if a sequence or a
// slice of rows does not divide into 16 bytes, one element.
#include <numeric>

#include "ops/cuda/kernels/dropout.h"
#include "ops/cuda/kernels/read_step.cuh"
#include "ops/cuda/kernels/strided.cuh"
#include "ops/layers/dropout_mask.h"

namespace baton {
namespace {

// Each block reads the step from the host's memory once, over the bus. So there are only as many as fill a GPU.
constexpr int64_t kMaxBlocks = 2048;

// Applies the draws to the unit whose first element is element `begin` of a sequence.
template <int kUnit>
__device__ void Drop(const DropoutShape& shape, const StepContext& step, int64_t sequence, int64_t begin,
                     Floats<kUnit>* values) {
#pragma unroll
  for (int drawn = 0; drawn < kUnit; drawn += kDropoutBlock) {
    const auto words = DropoutWords(shape.name_hash, step, sequence, (begin + drawn) / kDropoutBlock);
#pragma unroll
    for (int j = 0; j < kDropoutBlock; ++j) {
      const float value = (*values)[drawn + j];
      (*values)[drawn + j] = words.v[j] < shape.threshold ? 0.0f : value * shape.scale;
    }
  }
}

// Arrays: LaunchDropout's. kWidth: elements of an access; 1: each element has a draw of its own, of which it uses a
// part.
template <typename T, int kWidth>
__global__ void __launch_bounds__(kStridedThreads)
    DropoutKernel(DropoutShape shape, const StepContext* shared_step, int64_t first_sequence, const T* from, T* to) {
  static_assert(kWidth == 1 || kWidth % kDropoutBlock == 0, "an access has whole draws");
  const StepContext step = ReadStep(shared_step);
  ForOwnAccesses(shape.count / kWidth, [=](int64_t i) {
    const int64_t element = shape.first_element + i * kWidth;
    const int64_t sequence = first_sequence + element / shape.length;
    const int64_t begin = element % shape.length;
    Floats<kWidth> values = Load<kWidth>(from + i * kWidth);
    if (step.training) {
      if constexpr (kWidth == 1) {
        const auto words = DropoutWords(shape.name_hash, step, sequence, begin / kDropoutBlock);
        values[0] = words.v[begin % kDropoutBlock] < shape.threshold ? 0.0f : values[0] * shape.scale;
      } else {
        Drop(shape, step, sequence, begin, &values);
      }
    }
    Store(to + i * kWidth, values);
  });
}

}  // namespace

absl::Status LaunchDropout(KernelStream stream, const DropoutShape& shape, const StepContext* step,
                           int64_t first_sequence, const void* from, void* to) {
  const int64_t run = std::gcd(std::gcd(shape.length, shape.count), shape.first_element);
  return ForAccess(shape.type, run, [&](auto element, auto width) {
    using T = decltype(element);
    constexpr int kWidth = decltype(width)::value;
    return Launch(DropoutKernel<T, kWidth>, StridedShape(shape.count / kWidth, kMaxBlocks), stream, shape, step,
                  first_sequence, static_cast<const T*>(from), static_cast<T*>(to));
  });
}

}  // namespace baton
