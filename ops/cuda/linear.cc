// Linear as three products. The first two also add a residual.
#include "ops/cuda/linear.h"

#include <utility>

#include "base/status.h"
#include "ops/cuda/linear_layer.h"
#include "ops/cuda/support.h"

namespace baton {
namespace {

class CudaLinear final : public CudaLinearLayer {
 public:
  using CudaLinearLayer::CudaLinearLayer;

  bool adds_to_output() const override { return true; }

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    return Multiply(stream, buffers, buffers.addend, buffers.output);
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    return MultiplyBack(stream, buffers, buffers.grad_output);
  }

  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override {
    return AddGradients(stream, buffers, buffers.grad_output);
  }
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
