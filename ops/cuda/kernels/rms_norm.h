// The kernels of root-mean-square normalisation (Zhang and Sennrich 2019). Used by CudaRmsNorm.
#ifndef BATON_OPS_CUDA_KERNELS_RMS_NORM_H_
#define BATON_OPS_CUDA_KERNELS_RMS_NORM_H_

#include "absl/status/status.h"
#include "ops/layers/layer.h"

namespace baton {

// x, y, dx, dy, addend: [rows, row]; of a row, `runs` runs of `width` features, the first from feature `begin` on, are
// normalised, and the other features are copied. weight: [width], one for all runs. All of `type`, f32 or bf16. Sums
// are in f32. All functions are asynchronous on `stream`. Errors: Internal if CUDA refuses a launch.
struct RmsNormShape {
  DataType type = DataType::kFloat32;
  int64_t rows = 0;
  int64_t row = 0;
  int64_t begin = 0;
  int64_t runs = 1;
  int64_t width = 0;

  constexpr int64_t NumRuns() const { return rows * runs; }
};

// y ← x / √(mean(x²) + ε) · weight; inverses ← 1 / √(mean(x²) + ε) of each run. inverses: [rows, runs] f32.
// Reads x and writes y and inverses, each once.
absl::Status LaunchRmsNorm(KernelStream stream, const RmsNormShape& shape, float epsilon, const void* x,
                           const void* weight, void* y, float* inverses);

// The largest width that LaunchRmsNormBackward takes: a block's shared memory holds one f32 sum a column.
inline constexpr int64_t kMaxRmsNormWidth = 16384;

// The scratch that LaunchRmsNormBackward needs.
Bytes RmsNormBackwardScratchBytes(const RmsNormShape& shape);

// With x̂ = x · inverse and g = weight · dy:
//   dx ← (g − x̂ · mean(g · x̂)) · inverse + addend. Null dx: not computed. Null addend: nothing is added.
//   weight_gradient ← Σ runs dy · x̂; if `add`, plus weight_gradient. weight_gradient: [width] f32.
// Reads x, dy, addend and inverses and writes dx, each once, and writes and reads scratch.
absl::Status LaunchRmsNormBackward(KernelStream stream, const RmsNormShape& shape, const void* x, const void* weight,
                                   const float* inverses, const void* dy, const void* addend, void* dx, bool add,
                                   float* weight_gradient, std::byte* scratch);

}  // namespace baton

#endif  // BATON_OPS_CUDA_KERNELS_RMS_NORM_H_
