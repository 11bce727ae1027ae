// The three matrix products of a linear layer, as single layers and feed-forward ones have them. Used by CudaLinear and
// CudaFeedForward.
#ifndef BATON_OPS_CUDA_LINEAR_PRODUCTS_H_
#define BATON_OPS_CUDA_LINEAR_PRODUCTS_H_

#include "absl/status/status.h"
#include "ops/cuda/cuda_backend_options.h"
#include "ops/cuda/matmul.h"
#include "ops/layers/layer.h"
#include "ops/layers/spec.h"

namespace baton {

// Thread contract and lifecycle: as Matmul's. x, dx: [rows, inputs]; y, dy: [rows, outputs], weight and bias in the
// options' precision; gradients of parameters f32. All are asynchronous on `stream`.
class LinearProducts {
 public:
  // What is made of y and dx, beyond the layer itself.
  struct Epilogues {
    bool gelu_after = false;   // y ← GELU(x · weightᵀ + bias), of which the argument goes to aux: [rows, outputs]
    bool gelu_before = false;  // dx ← dy · weight · GELU′(aux), aux: [rows, inputs]
  };

  LinearProducts(const LinearSpec& spec, int64_t rows, const CudaBackendOptions& options, const Epilogues& epilogues);

  // What any of the calls needs of scratch.
  static Bytes ScratchBytes(const LinearSpec& spec, int64_t rows, const CudaBackendOptions& options);

  // operands: x as a, weight as b, bias (null without), aux, addend, y as c.
  absl::Status Forward(KernelStream stream, const MatmulOperands& operands, std::byte* scratch);
  // operands: dy as a, weight as b, aux, addend, dx as c.
  absl::Status BackwardInput(KernelStream stream, const MatmulOperands& operands, std::byte* scratch);
  // Adds dyᵀ · x to weight_gradient and dy's sums over rows to bias_gradient (unused without a bias).
  absl::Status BackwardWeight(KernelStream stream, const void* dy, const void* x, float* weight_gradient,
                              float* bias_gradient, std::byte* scratch);

 private:
  const DataType type_;
  const int64_t rows_;
  const int64_t outputs_;
  const bool bias_;
  Matmul forward_;
  Matmul backward_input_;
  Matmul backward_weight_;
};

}  // namespace baton

#endif  // BATON_OPS_CUDA_LINEAR_PRODUCTS_H_
