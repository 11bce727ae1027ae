// Dropout by Baton's own kernel. Nothing is saved: both passes draw the mask.
#include "ops/cuda/dropout.h"

#include <cuda_runtime_api.h>

#include <utility>

#include "base/cuda_status.h"
#include "base/status.h"
#include "ops/cuda/kernels/dropout.h"
#include "ops/cuda/support.h"
#include "ops/layers/dropout_mask.h"
#include "ops/layers/primitive_layer.h"

namespace baton {
namespace {

DropoutShape ShapeOf(const DropoutSpec& spec, const Shape& input) {
  return {input.type(),
          input.NumElements(),
          ElementsOfSequence(spec, input),
          FirstElement(spec, input),
          DropoutNameHash(spec.name),
          DropoutThreshold(spec.probability),
          static_cast<float>(1 / (1 - spec.probability))};
}

class CudaDropout final : public PrimitiveLayer {
 public:
  CudaDropout(LayerInfo info, const DropoutSpec& spec)
      : PrimitiveLayer(std::move(info), Footprint{}), shape_(ShapeOf(spec, input_shape())) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    return Mask(stream, buffers, buffers.input, buffers.output);
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    return Mask(stream, buffers, buffers.grad_output, buffers.grad_input);
  }

 private:
  // Whether the step trains is read on the device, so that a recorded step may do either.
  absl::Status Mask(KernelStream stream, const PassBuffers& buffers, const std::byte* from, std::byte* to) const {
    const KernelScope scope(stream.native_handle, [&] {
      return PassWork("dropout", from == buffers.input ? "forward" : "backward", input_shape(), 2);
    });
    if (buffers.step != nullptr && shape_.threshold > 0) {
      return LaunchDropout(stream, shape_, buffers.step, buffers.first_sequence, from, to);
    }
    BATON_RETURN_IF_CUDA_ERROR(cudaMemcpyAsync(to, from, static_cast<size_t>(input_shape().NumBytes()),
                                               cudaMemcpyDeviceToDevice,
                                               static_cast<cudaStream_t>(stream.native_handle)));
    return absl::OkStatus();
  }

  const DropoutShape shape_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateCudaDropout(const DropoutSpec& spec, const Shape& input,
                                                         const CudaBackendOptions& options) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, DropoutInfo(spec, input));
  BATON_RETURN_IF_ERROR(CheckPrecision(input, options.ElementType()));
  return std::make_unique<CudaDropout>(std::move(info), spec);
}

}  // namespace baton
