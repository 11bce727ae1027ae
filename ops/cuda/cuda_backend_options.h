// The options of a CudaBackend. Used by its layers and by runtime/machine, which makes it from a job.
#ifndef BATON_OPS_CUDA_CUDA_BACKEND_OPTIONS_H_
#define BATON_OPS_CUDA_CUDA_BACKEND_OPTIONS_H_

#include <memory>

#include "base/units.h"
#include "ops/cuda/product_choices.h"
#include "ops/tensor/shape.h"

namespace baton {

// kTensorFloat32: f32 everywhere, but products round their factors to 10 bits of mantissa. kBFloat16: activations and
// the parameters that layers read are bf16; sums, gradients of parameters and what the optimizer updates are f32.
enum class CudaPrecision : int8_t { kFloat32, kTensorFloat32, kBFloat16 };

struct CudaBackendOptions {
  CudaPrecision precision = CudaPrecision::kFloat32;
  bool deterministic = true;                // the same bits in each run
  bool rounds_parameters = false;           // parameters are bf16 without f32 masters; for kBFloat16
  bool fuse_gelu = true;                    // fuse feed-forward layers of bf16 with the tanh GELU into one layer
  Bytes matmul_workspace_bytes = 32 << 20;  // of scratch that cuBLASLt may use, at least 0

  // Where the algorithms of products come from; null: cuBLASLt's first one for each.
  std::shared_ptr<ProductChoices> choices;

  // The type of activations and of the parameters that layers read.
  DataType ElementType() const {
    return precision == CudaPrecision::kBFloat16 ? DataType::kBFloat16 : DataType::kFloat32;
  }
};

}  // namespace baton

#endif  // BATON_OPS_CUDA_CUDA_BACKEND_OPTIONS_H_
