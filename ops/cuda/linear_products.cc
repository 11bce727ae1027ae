// The shapes of the products. The forward product adds the bias; that of the weight's gradient also sums the bias's.
#include "ops/cuda/linear_products.h"

#include <algorithm>

namespace baton {
namespace {

MatmulSpec CommonSpec(const CudaBackendOptions& options) {
  MatmulSpec spec;
  spec.input_type = spec.output_type = options.ElementType();
  spec.tensor_float32 = options.precision == CudaPrecision::kTensorFloat32;
  spec.deterministic = options.deterministic;
  spec.workspace.limit = options.matmul_workspace_bytes;
  spec.choices = options.choices;
  return spec;
}

// y = x · weightᵀ
MatmulSpec ForwardSpec(const LinearSpec& linear, int64_t rows, const CudaBackendOptions& options, bool gelu_after) {
  MatmulSpec spec = CommonSpec(options);
  spec.m = rows;
  spec.n = linear.outputs;
  spec.k = linear.inputs;
  spec.b_transposed = true;
  spec.epilogue = gelu_after         ? MatmulEpilogue::kBiasGelu
                  : AddsBias(linear) ? MatmulEpilogue::kBias
                                     : MatmulEpilogue::kNone;
  return spec;
}

// dx = dy · weight
MatmulSpec BackwardInputSpec(const LinearSpec& linear, int64_t rows, const CudaBackendOptions& options,
                             bool gelu_before) {
  MatmulSpec spec = CommonSpec(options);
  spec.m = rows;
  spec.n = linear.inputs;
  spec.k = linear.outputs;
  if (gelu_before) spec.epilogue = MatmulEpilogue::kGeluBackward;
  return spec;
}

// weight gradient += dyᵀ · x
MatmulSpec BackwardWeightSpec(const LinearSpec& linear, int64_t rows, const CudaBackendOptions& options) {
  MatmulSpec spec = CommonSpec(options);
  spec.m = linear.outputs;
  spec.n = linear.inputs;
  spec.k = rows;
  spec.a_transposed = true;
  spec.output_type = DataType::kFloat32;
  if (linear.bias) spec.epilogue = MatmulEpilogue::kBiasGradient;
  return spec;
}

}  // namespace

LinearProducts::LinearProducts(const LinearSpec& spec, int64_t rows, const CudaBackendOptions& options,
                               const Epilogues& epilogues)
    : forward_(ForwardSpec(spec, rows, options, epilogues.gelu_after)),
      backward_input_(BackwardInputSpec(spec, rows, options, epilogues.gelu_before)),
      backward_weight_(BackwardWeightSpec(spec, rows, options)) {}

Bytes LinearProducts::ScratchBytes(const LinearSpec& spec, int64_t rows, const CudaBackendOptions& options) {
  return std::max(Matmul::ScratchBytes(CommonSpec(options)),
                  Matmul::ScratchBytes(BackwardWeightSpec(spec, rows, options)));
}

absl::Status LinearProducts::Forward(KernelStream stream, const MatmulOperands& operands, std::byte* scratch) {
  return forward_.Run(stream, operands, scratch);
}

absl::Status LinearProducts::BackwardInput(KernelStream stream, const MatmulOperands& operands, std::byte* scratch) {
  return backward_input_.Run(stream, operands, scratch);
}

absl::Status LinearProducts::BackwardWeight(KernelStream stream, const void* dy, const void* x, float* weight_gradient,
                                            float* bias_gradient, std::byte* scratch) {
  MatmulOperands operands;
  operands.a = dy;
  operands.b = x;
  operands.addend = weight_gradient;
  operands.c = weight_gradient;
  operands.bias_gradient = bias_gradient;
  return backward_weight_.Run(stream, operands, scratch);
}

}  // namespace baton
