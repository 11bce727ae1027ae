// Threads stride over units of elements: one 16-byte access, which one or two draws decide on, or, if a sequence does
// not divide into 16 bytes, the elements of one draw.
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

// Arrays: LaunchDropout's. kWidth: elements of an access.
template <typename T, int kWidth>
__global__ void __launch_bounds__(kStridedThreads)
    DropoutKernel(DropoutShape shape, const StepContext* shared_step, int64_t first_sequence, const T* from, T* to) {
  constexpr int kUnit = kWidth == 1 ? kDropoutBlock : kWidth;
  static_assert(kUnit % kDropoutBlock == 0, "a unit has whole draws");
  const StepContext step = ReadStep(shared_step);
  const int64_t per_sequence = (shape.length + kUnit - 1) / kUnit;
  ForOwnAccesses(shape.sequences * per_sequence, [=](int64_t i) {
    const int64_t sequence = i / per_sequence;
    const int64_t begin = i % per_sequence * kUnit;
    const int64_t at = sequence * shape.length + begin;
    Floats<kUnit> values = {};
    if constexpr (kWidth == 1) {
      for (int j = 0; j < kUnit && begin + j < shape.length; ++j) values[j] = ToFloat(from[at + j]);
    } else {
      values = Load<kUnit>(from + at);
    }
    if (step.training) Drop(shape, step, first_sequence + sequence, begin, &values);
    if constexpr (kWidth == 1) {
      for (int j = 0; j < kUnit && begin + j < shape.length; ++j) to[at + j] = FromFloat<T>(values[j]);
    } else {
      Store(to + at, values);
    }
  });
}

}  // namespace

absl::Status LaunchDropout(KernelStream stream, const DropoutShape& shape, const StepContext* step,
                           int64_t first_sequence, const void* from, void* to) {
  return ForAccess(shape.type, shape.length, [&](auto element, auto width) {
    using T = decltype(element);
    constexpr int kWidth = decltype(width)::value;
    const int64_t unit = kWidth == 1 ? kDropoutBlock : kWidth;
    const int64_t units = shape.sequences * ((shape.length + unit - 1) / unit);
    return Launch(DropoutKernel<T, kWidth>, StridedShape(units, kMaxBlocks), stream, shape, step, first_sequence,
                  static_cast<const T*>(from), static_cast<T*>(to));
  });
}

}  // namespace baton
