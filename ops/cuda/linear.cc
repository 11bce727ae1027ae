// Linear as three products. The first two also add a residual.
#include "ops/cuda/linear.h"

#include <utility>

#include "base/status.h"
#include "ops/cuda/linear_products.h"
#include "ops/cuda/support.h"
#include "ops/layers/primitive_layer.h"

namespace baton {
namespace {

class CudaLinear final : public PrimitiveLayer {
 public:
  CudaLinear(LayerInfo info, const Footprint& footprint, const LinearSpec& spec, const CudaBackendOptions& options)
      : PrimitiveLayer(std::move(info), footprint),
        bias_(spec.bias),
        adds_bias_(AddsBias(spec)),
        products_(spec, NumRows(input_shape()), options, {}) {}

  bool adds_to_output() const override { return true; }
  bool adds_to_grad_input() const override { return true; }

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    MatmulOperands operands;
    operands.a = buffers.input;
    operands.b = Value<std::byte>(0);
    operands.bias = adds_bias_ ? Value<std::byte>(1) : nullptr;
    operands.addend = buffers.addend;
    operands.c = buffers.output;
    return products_.Forward(stream, operands, buffers.scratch);
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    MatmulOperands operands;
    operands.a = buffers.grad_output;
    operands.b = Value<std::byte>(0);
    operands.addend = buffers.addend;
    operands.c = buffers.grad_input;
    return products_.BackwardInput(stream, operands, buffers.scratch);
  }

  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override {
    return products_.BackwardWeight(stream, buffers.grad_output, buffers.input, Gradient<float>(0),
                                    bias_ ? Gradient<float>(1) : nullptr, buffers.scratch);
  }

 private:
  const bool bias_;
  const bool adds_bias_;
  LinearProducts products_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateCudaLinear(const LinearSpec& spec, const Shape& input,
                                                        const CudaBackendOptions& options) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, LinearInfo(spec, input));
  BATON_RETURN_IF_ERROR(CheckPrecision(input, options.ElementType()));
  Footprint footprint;
  footprint.scratch = LinearProducts::ScratchBytes(spec, NumRows(input), options);
  return std::make_unique<CudaLinear>(std::move(info), footprint, spec, options);
}

}  // namespace baton
