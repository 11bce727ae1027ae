// How a CudaBackend computes. Used by whoever makes one, and by its layers.
#ifndef BATON_OPS_CUDA_CUDA_BACKEND_OPTIONS_H_
#define BATON_OPS_CUDA_CUDA_BACKEND_OPTIONS_H_

#include "base/units.h"
#include "ops/tensor/shape.h"

namespace baton {

// kTensorFloat32: f32 everywhere, but products round their factors to 10 bits of mantissa. kBFloat16: activations and
// the parameters that layers read are bf16; sums, gradients of parameters and their true values stay f32.
enum class CudaPrecision : int8_t { kFloat32, kTensorFloat32, kBFloat16 };

struct CudaBackendOptions {
  CudaPrecision precision = CudaPrecision::kFloat32;
  bool deterministic = true;                // the same bits in each run
  bool fuse_gelu = true;                    // feed-forward layers of bf16 and the tanh GELU as one
  Bytes matmul_workspace_bytes = 32 << 20;  // what cuBLASLt may use, of scratch

  DataType ElementType() const {
    return precision == CudaPrecision::kBFloat16 ? DataType::kBFloat16 : DataType::kFloat32;
  }
};

}  // namespace baton

#endif  // BATON_OPS_CUDA_CUDA_BACKEND_OPTIONS_H_
