// Layer normalisation by Baton's own kernels.
#include "ops/cuda/layer_norm.h"

#include <utility>

#include "base/status.h"
#include "ops/cuda/kernels/column_sums.h"
#include "ops/cuda/kernels/layer_norm.h"
#include "ops/cuda/support.h"
#include "ops/layers/primitive_layer.h"

namespace baton {
namespace {

LayerNormShape ShapeOf(const Shape& input) { return {input.type(), NumRows(input), input.extents().back()}; }

// saved: mean and 1/σ of each row; stash: the gradients of weight and bias; both f32.
class CudaLayerNorm final : public PrimitiveLayer {
 public:
  CudaLayerNorm(LayerInfo info, const Footprint& footprint, const LayerNormSpec& spec)
      : PrimitiveLayer(std::move(info), footprint),
        shape_(ShapeOf(input_shape())),
        epsilon_(static_cast<float>(spec.epsilon)) {}

  bool adds_to_grad_input() const override { return true; }

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const KernelScope scope(stream.native_handle, [&] {
      return PassWork("layer_norm", "forward", input_shape(), 2, 8.0 * static_cast<double>(shape_.rows));
    });
    return LaunchLayerNorm(stream, shape_, epsilon_, buffers.input, Value<std::byte>(0), Value<std::byte>(1),
                           buffers.output, Floats(buffers.saved));
  }

  // In a whole backward pass the kernel that adds up the parts adds to the gradients themselves.
  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    const KernelScope scope(stream.native_handle, [&] {
      return PassWork("layer_norm", "backward", input_shape(), TensorsOfBackward(buffers),
                      8.0 * static_cast<double>(shape_.rows));
    });
    float* const stash = Floats(buffers.stash);
    const LayerNormGradients gradients = AddsAtOnce(buffers)
                                             ? LayerNormGradients{Gradient<float>(0), Gradient<float>(1), /*add=*/true}
                                             : LayerNormGradients{stash, stash + shape_.width, /*add=*/false};
    return LaunchLayerNormBackward(stream, shape_, buffers.input, Value<std::byte>(0), Floats(buffers.saved),
                                   buffers.grad_output, buffers.addend, buffers.grad_input, gradients, buffers.scratch);
  }

  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override {
    if (AddsAtOnce(buffers)) return absl::OkStatus();
    const KernelScope scope(stream.native_handle, [&] {
      return PassWork("add_gradients", "backward", Shape(DataType::kFloat32, {2, shape_.width}), 3);
    });
    return LaunchSumParts(stream, /*num_parts=*/1, Floats(buffers.stash), /*add=*/true,
                          {Gradient<float>(0), shape_.width, Gradient<float>(1), shape_.width});
  }

 private:
  bool AddsAtOnce(const PassBuffers& buffers) const { return buffers.is_whole_backward && !is_frozen(); }

  const LayerNormShape shape_;
  const float epsilon_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateCudaLayerNorm(const LayerNormSpec& spec, const Shape& input,
                                                           const CudaBackendOptions& options) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, LayerNormInfo(spec, input));
  BATON_RETURN_IF_ERROR(CheckPrecision(input, options.ElementType()));
  BATON_RETURN_IF_ERROR(CheckRows("layer_norm", NumRows(input)));
  if (spec.width > kMaxLayerNormWidth) {
    return absl::InvalidArgumentError(
        absl::StrCat("layer_norm.width: ", spec.width, " is above the CUDA backend's limit, ", kMaxLayerNormWidth));
  }
  Footprint footprint;
  footprint.saved = AlignUp(2 * NumRows(input) * static_cast<Bytes>(sizeof(float)));
  footprint.stash = AlignUp(2 * spec.width * static_cast<Bytes>(sizeof(float)));
  footprint.scratch = LayerNormBackwardScratchBytes(ShapeOf(input));
  return std::make_unique<CudaLayerNorm>(std::move(info), footprint, spec);
}

}  // namespace baton
