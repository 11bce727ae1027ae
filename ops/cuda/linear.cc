// Linear: three products. The bias is added by the first; its gradient is a sum over rows by a kernel of our own,
// since cuBLASLt's would overwrite what earlier micro-batches added.
#include "ops/cuda/linear.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "ops/cuda/kernels/column_sums.h"
#include "ops/cuda/matmul.h"
#include "ops/cuda/support.h"
#include "ops/layers/primitive_layer.h"

namespace baton {
namespace {

struct LinearProducts {
  MatmulSpec forward;
  MatmulSpec backward_input;
  MatmulSpec backward_weight;
};

LinearProducts MakeProducts(const LinearSpec& spec, int64_t rows, const CudaBackendOptions& options) {
  MatmulSpec common;
  common.input_type = common.output_type = options.ElementType();
  common.tensor_float32 = options.precision == CudaPrecision::kTensorFloat32;
  common.deterministic = options.deterministic;
  common.workspace.limit = options.matmul_workspace_bytes;
  LinearProducts products{common, common, common};
  // y = x · weightᵀ + bias
  MatmulSpec& forward = products.forward;
  forward.m = rows;
  forward.n = spec.outputs;
  forward.k = spec.inputs;
  forward.b_transposed = true;
  forward.bias = spec.bias;
  // dx = dy · weight
  MatmulSpec& backward_input = products.backward_input;
  backward_input.m = rows;
  backward_input.n = spec.inputs;
  backward_input.k = spec.outputs;
  // weight gradient += dyᵀ · x
  MatmulSpec& backward_weight = products.backward_weight;
  backward_weight.m = spec.outputs;
  backward_weight.n = spec.inputs;
  backward_weight.k = rows;
  backward_weight.a_transposed = true;
  backward_weight.output_type = DataType::kFloat32;
  backward_weight.accumulate = true;
  return products;
}

class CudaLinear final : public PrimitiveLayer {
 public:
  CudaLinear(LayerInfo info, const Footprint& footprint, const LinearSpec& spec, const CudaBackendOptions& options)
      : PrimitiveLayer(std::move(info), footprint),
        rows_(NumRows(input_shape())),
        outputs_(spec.outputs),
        bias_(spec.bias),
        products_(MakeProducts(spec, rows_, options)),
        forward_(products_.forward),
        backward_input_(products_.backward_input),
        backward_weight_(products_.backward_weight) {}

  absl::Status Forward(KernelStream stream, const LayerBuffers& buffers) override {
    return forward_.Run(stream, buffers.input, Value<std::byte>(0), bias_ ? Value<std::byte>(1) : nullptr,
                        buffers.output, buffers.scratch);
  }

  absl::Status BackwardInput(KernelStream stream, const LayerBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    return backward_input_.Run(stream, buffers.grad_output, Value<std::byte>(0), nullptr, buffers.grad_input,
                               buffers.scratch);
  }

  absl::Status BackwardWeight(KernelStream stream, const LayerBuffers& buffers) override {
    if (bias_) {
      BATON_RETURN_IF_ERROR(LaunchAddColumnSums(stream, input_shape().type(), rows_, outputs_, buffers.grad_output,
                                                Gradient<float>(1), buffers.scratch));
    }
    return backward_weight_.Run(stream, buffers.grad_output, buffers.input, nullptr, Gradient<std::byte>(0),
                                buffers.scratch);
  }

 private:
  const int64_t rows_;
  const int64_t outputs_;
  const bool bias_;
  const LinearProducts products_;
  Matmul forward_;
  Matmul backward_input_;
  Matmul backward_weight_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateCudaLinear(const LinearSpec& spec, const Shape& input,
                                                        const CudaBackendOptions& options) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, LinearInfo(spec, input));
  BATON_RETURN_IF_ERROR(CheckPrecision(input, options.ElementType()));
  Footprint footprint;
  footprint.scratch = MatmulWorkspace{options.matmul_workspace_bytes}.ScratchBytes();
  if (spec.bias) {
    footprint.scratch = std::max(footprint.scratch, ColumnSumsScratchBytes(NumRows(input), spec.outputs));
  }
  return std::make_unique<CudaLinear>(std::move(info), footprint, spec, options);
}

}  // namespace baton
