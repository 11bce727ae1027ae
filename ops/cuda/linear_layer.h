// A layer with the weight and the bias of a linear layer, and its three products. Used by CudaLinear and CudaHeadLoss.
#ifndef BATON_OPS_CUDA_LINEAR_LAYER_H_
#define BATON_OPS_CUDA_LINEAR_LAYER_H_

#include <cstddef>
#include <utility>

#include "ops/cuda/cuda_backend_options.h"
#include "ops/cuda/linear_products.h"
#include "ops/layers/primitive_layer.h"

namespace baton {

// Parameters: the weight, then the bias if spec.bias. Shapes, stream and errors: LinearProducts's. Thread contract and
// lifecycle: Layer's.
class CudaLinearLayer : public PrimitiveLayer {
 public:
  CudaLinearLayer(LayerInfo info, const Footprint& footprint, const LinearSpec& spec, const CudaBackendOptions& options)
      : PrimitiveLayer(std::move(info), footprint),
        bias_(spec.bias),
        adds_bias_(AddsBias(spec)),
        products_(spec, NumRows(input_shape()), options, {}) {}

  // BackwardInput of a subclass is MultiplyBack.
  bool adds_to_grad_input() const override { return true; }

 protected:
  // output ← buffers.input · weightᵀ [+ bias] [+ addend]
  absl::Status Multiply(KernelStream stream, const PassBuffers& buffers, const std::byte* addend, std::byte* output) {
    MatmulOperands operands;
    operands.a = buffers.input;
    operands.b = Value<std::byte>(0);
    operands.bias = adds_bias_ ? Value<std::byte>(1) : nullptr;
    operands.addend = addend;
    operands.c = output;
    return products_.Forward(stream, operands, buffers.scratch);
  }

  // buffers.grad_input ← grad_output · weight [+ buffers.addend]; nothing if it is null.
  absl::Status MultiplyBack(KernelStream stream, const PassBuffers& buffers, const std::byte* grad_output) {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    MatmulOperands operands;
    operands.a = grad_output;
    operands.b = Value<std::byte>(0);
    operands.addend = buffers.addend;
    operands.c = buffers.grad_input;
    return products_.BackwardInput(stream, operands, buffers.scratch);
  }

  // The weight's gradient += grad_outputᵀ · buffers.input; the bias's += the sums of grad_output's columns.
  absl::Status AddGradients(KernelStream stream, const PassBuffers& buffers, const std::byte* grad_output) {
    return products_.BackwardWeight(stream, grad_output, buffers.input, Gradient<float>(0),
                                    bias_ ? Gradient<float>(1) : nullptr, buffers.scratch);
  }

 private:
  const bool bias_;
  const bool adds_bias_;
  LinearProducts products_;
};

}  // namespace baton

#endif  // BATON_OPS_CUDA_LINEAR_LAYER_H_
