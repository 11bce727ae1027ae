// Layer normalisation's kernels (Ba, Kiros and Hinton 2016). Used by CudaLayerNorm.
#ifndef BATON_OPS_CUDA_KERNELS_LAYER_NORM_H_
#define BATON_OPS_CUDA_KERNELS_LAYER_NORM_H_

#include "absl/status/status.h"
#include "ops/layers/layer.h"

namespace baton {

// Matrices are [rows, width] of `type`, f32 or bf16, as weight and bias: [width] are. Sums are kept in f32. All are
// asynchronous on `stream`. Errors: Internal if CUDA refuses.
struct LayerNormShape {
  DataType type = DataType::kFloat32;
  int64_t rows = 0;
  int64_t width = 0;
};

// y ← (x − mean) / √(variance + ε) · weight + bias; statistics: [rows, 2] f32 ← mean, 1 / √(variance + ε).
absl::Status LaunchLayerNorm(KernelStream stream, const LayerNormShape& shape, float epsilon, const void* x,
                             const void* weight, const void* bias, void* y, float* statistics);

// The most columns that LaunchLayerNormBackward takes: their sums lie in a block's shared memory.
inline constexpr int64_t kMaxLayerNormWidth = 16384;

Bytes LayerNormBackwardScratchBytes(const LayerNormShape& shape);

// With x̂ = (x − mean) / σ and g = weight · dy: dx ← (g − mean(g) − x̂ · mean(g · x̂)) / σ, if dx is not null;
// plus addend, as dx, if that is not null.
// parameter_gradients: [2, width] f32 ← Σ rows dy · x̂, Σ rows dy.
absl::Status LaunchLayerNormBackward(KernelStream stream, const LayerNormShape& shape, const void* x,
                                     const void* weight, const float* statistics, const void* dy, const void* addend,
                                     void* dx, float* parameter_gradients, std::byte* scratch);

// Adds parameter_gradients' first row to weight_gradient: [width] f32, and its second to bias_gradient.
absl::Status LaunchAddLayerNormGradients(KernelStream stream, int64_t width, const float* parameter_gradients,
                                         float* weight_gradient, float* bias_gradient);

}  // namespace baton

#endif  // BATON_OPS_CUDA_KERNELS_LAYER_NORM_H_
