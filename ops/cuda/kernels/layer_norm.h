// The kernels of layer normalisation (Ba, Kiros and Hinton 2016). Used by CudaLayerNorm.
#ifndef BATON_OPS_CUDA_KERNELS_LAYER_NORM_H_
#define BATON_OPS_CUDA_KERNELS_LAYER_NORM_H_

#include "absl/status/status.h"
#include "ops/layers/layer.h"

namespace baton {

// x, y, dx, dy, addend: [rows, width]; weight, bias: [width]; all of `type`, f32 or bf16. Sums are in f32. All
// functions are asynchronous on `stream`. Errors: Internal if CUDA refuses a launch.
struct LayerNormShape {
  DataType type = DataType::kFloat32;
  int64_t rows = 0;
  int64_t width = 0;
};

// y ← (x − mean) / √(variance + ε) · weight + bias; statistics ← (mean, 1 / √(variance + ε)) of each row.
// statistics: [rows, 2] f32.
absl::Status LaunchLayerNorm(KernelStream stream, const LayerNormShape& shape, float epsilon, const void* x,
                             const void* weight, const void* bias, void* y, float* statistics);

// The largest width that LaunchLayerNormBackward takes: a block's shared memory holds two f32 sums a column.
inline constexpr int64_t kMaxLayerNormWidth = 16384;

// The scratch that LaunchLayerNormBackward needs.
Bytes LayerNormBackwardScratchBytes(const LayerNormShape& shape);

// Where LaunchLayerNormBackward writes the gradients of the parameters. weight, bias: [width] f32.
struct LayerNormGradients {
  float* weight = nullptr;
  float* bias = nullptr;
  bool add = false;  // to what stands there
};

// With x̂ = (x − mean) / σ and g = weight · dy:
//   dx ← (g − mean(g) − x̂ · mean(g · x̂)) / σ + addend. Null dx: not computed. Null addend: nothing is added.
//   gradients.weight ← Σ rows dy · x̂; gradients.bias ← Σ rows dy.
absl::Status LaunchLayerNormBackward(KernelStream stream, const LayerNormShape& shape, const void* x,
                                     const void* weight, const float* statistics, const void* dy, const void* addend,
                                     void* dx, const LayerNormGradients& gradients, std::byte* scratch);

}  // namespace baton

#endif  // BATON_OPS_CUDA_KERNELS_LAYER_NORM_H_
