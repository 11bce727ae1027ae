// Activations by Baton's own kernels.
#include "ops/cuda/activation.h"

#include <utility>

#include "base/status.h"
#include "ops/cuda/kernels/elementwise.h"
#include "ops/cuda/support.h"
#include "ops/layers/primitive_layer.h"

namespace baton {
namespace {

class CudaActivation final : public PrimitiveLayer {
 public:
  CudaActivation(LayerInfo info, const ActivationSpec& spec)
      : PrimitiveLayer(std::move(info), Footprint{}), kind_(spec.kind) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const KernelScope scope(stream.native_handle, [&] { return PassWork("activation", "forward", input_shape(), 2); });
    return LaunchActivation(stream, input_shape().type(), kind_, input_shape().NumElements(), buffers.input,
                            buffers.output);
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    const KernelScope scope(stream.native_handle, [&] { return PassWork("activation", "backward", input_shape(), 3); });
    return LaunchActivationBackward(stream, input_shape().type(), kind_, input_shape().NumElements(), buffers.input,
                                    buffers.grad_output, buffers.grad_input);
  }

 private:
  const ActivationKind kind_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateCudaActivation(const ActivationSpec& spec, const Shape& input,
                                                            const CudaBackendOptions& options) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, ActivationInfo(spec, input));
  BATON_RETURN_IF_ERROR(CheckPrecision(input, options.ElementType()));
  return std::make_unique<CudaActivation>(std::move(info), spec);
}

}  // namespace baton
