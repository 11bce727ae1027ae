// Gates by Baton's own kernels.
#include "ops/cuda/gate.h"

#include <utility>

#include "base/status.h"
#include "ops/cuda/kernels/gate.h"
#include "ops/cuda/support.h"
#include "ops/layers/primitive_layer.h"

namespace baton {
namespace {

class CudaGate final : public PrimitiveLayer {
 public:
  CudaGate(LayerInfo info, ActivationKind kind)
      : PrimitiveLayer(std::move(info), Footprint{}),
        kind_(kind),
        shape_({output_shape().type(), NumRows(output_shape()), output_shape().extents().back()}) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const KernelScope scope(stream.native_handle, [&] { return PassWork("gate", "forward", output_shape(), 3); });
    return LaunchGate(stream, shape_, kind_, buffers.input, buffers.output);
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    const KernelScope scope(stream.native_handle, [&] { return PassWork("gate", "backward", output_shape(), 5); });
    return LaunchGateBackward(stream, shape_, kind_, buffers.input, buffers.grad_output, buffers.grad_input);
  }

 private:
  const ActivationKind kind_;
  const GateShape shape_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateCudaGate(const GateSpec& spec, const Shape& input,
                                                      const CudaBackendOptions& options) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, GateInfo(spec, input));
  BATON_RETURN_IF_ERROR(CheckPrecision(input, options.ElementType()));
  return std::make_unique<CudaGate>(std::move(info), spec.kind);
}

}  // namespace baton
