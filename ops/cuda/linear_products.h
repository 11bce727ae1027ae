// The three matrix products of a linear layer. Used by CudaLinearLayer and CudaFeedForward.
#ifndef BATON_OPS_CUDA_LINEAR_PRODUCTS_H_
#define BATON_OPS_CUDA_LINEAR_PRODUCTS_H_

#include "absl/status/status.h"
#include "ops/cuda/cuda_backend_options.h"
#include "ops/cuda/matmul.h"
#include "ops/layers/layer.h"
#include "ops/layers/spec.h"

namespace baton {

// Whether the forward product adds a bias. With spec.bias alone, BackwardWeight computes its gradient.
inline bool AddsBias(const LinearSpec& spec) { return spec.bias && spec.adds_bias; }

// Shapes: x, dx: [rows, inputs]; y, dy: [rows, outputs]; weight: [outputs, inputs]; bias: [outputs]. Gradients of
// parameters are f32, everything else has the options' precision. Asynchronous on `stream`. Thread contract, lifecycle
// and errors: Matmul's.
class LinearProducts {
 public:
  // The functions that the products apply to y and dx.
  struct Epilogues {
    bool gelu_after = false;   // y ← GELU(aux) with aux ← x · weightᵀ + bias, aux: [rows, outputs]
    bool gelu_before = false;  // dx ← dy · weight · GELU′(aux), aux: [rows, inputs]
  };

  LinearProducts(const LinearSpec& spec, int64_t rows, const CudaBackendOptions& options, const Epilogues& epilogues);

  // The scratch that any of the calls needs.
  static Bytes ScratchBytes(const LinearSpec& spec, int64_t rows, const CudaBackendOptions& options);

  // operands: x as a, weight as b, bias (null unless AddsBias), aux, addend, y as c.
  absl::Status Forward(KernelStream stream, const MatmulOperands& operands, std::byte* scratch);
  // operands: dy as a, weight as b, aux, addend, dx as c.
  absl::Status BackwardInput(KernelStream stream, const MatmulOperands& operands, std::byte* scratch);
  // weight_gradient += dyᵀ · x; bias_gradient += Σ rows dy (unused without a bias).
  absl::Status BackwardWeight(KernelStream stream, const void* dy, const void* x, float* weight_gradient,
                              float* bias_gradient, std::byte* scratch);

 private:
  Matmul forward_;
  Matmul backward_input_;
  Matmul backward_weight_;
};

}  // namespace baton

#endif  // BATON_OPS_CUDA_LINEAR_PRODUCTS_H_
