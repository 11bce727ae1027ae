// Root-mean-square normalisation by Baton's own kernels.
#include "ops/cuda/rms_norm.h"

#include <utility>

#include "base/status.h"
#include "ops/cuda/kernels/column_sums.h"
#include "ops/cuda/kernels/rms_norm.h"
#include "ops/cuda/support.h"
#include "ops/layers/primitive_layer.h"

namespace baton {
namespace {

RmsNormShape ShapeOf(const RmsNormSpec& spec, const Shape& input) {
  return {input.type(), NumRows(input), input.extents().back(), spec.begin, spec.runs, spec.width};
}

// saved: 1 / rms of each run; stash: the gradient of the weight; both f32.
class CudaRmsNorm final : public PrimitiveLayer {
 public:
  CudaRmsNorm(LayerInfo info, const Footprint& footprint, const RmsNormSpec& spec)
      : PrimitiveLayer(std::move(info), footprint),
        shape_(ShapeOf(spec, input_shape())),
        epsilon_(static_cast<float>(spec.epsilon)) {}

  bool adds_to_grad_input() const override { return true; }

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const KernelScope scope(stream.native_handle, [&] {
      return PassWork("rms_norm", "forward", input_shape(), 2, 4.0 * static_cast<double>(shape_.NumRuns()));
    });
    return LaunchRmsNorm(stream, shape_, epsilon_, buffers.input, Value<std::byte>(0), buffers.output,
                         Floats(buffers.saved));
  }

  // In a whole backward pass the kernel that adds up the parts adds to the gradient itself.
  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    const KernelScope scope(stream.native_handle, [&] {
      return PassWork("rms_norm", "backward", input_shape(), TensorsOfBackward(buffers),
                      4.0 * static_cast<double>(shape_.NumRuns()));
    });
    const bool add = AddsAtOnce(buffers);
    return LaunchRmsNormBackward(stream, shape_, buffers.input, Value<std::byte>(0), Floats(buffers.saved),
                                 buffers.grad_output, buffers.addend, buffers.grad_input, add,
                                 add ? Gradient<float>(0) : Floats(buffers.stash), buffers.scratch);
  }

  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override {
    if (AddsAtOnce(buffers)) return absl::OkStatus();
    const KernelScope scope(stream.native_handle, [&] {
      return PassWork("add_gradients", "backward", Shape(DataType::kFloat32, {1, shape_.width}), 3);
    });
    return LaunchSumParts(stream, /*num_parts=*/1, Floats(buffers.stash), /*add=*/true,
                          {Gradient<float>(0), shape_.width});
  }

 private:
  bool AddsAtOnce(const PassBuffers& buffers) const { return buffers.is_whole_backward && !is_frozen(); }

  const RmsNormShape shape_;
  const float epsilon_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateCudaRmsNorm(const RmsNormSpec& spec, const Shape& input,
                                                         const CudaBackendOptions& options) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, RmsNormInfo(spec, input));
  BATON_RETURN_IF_ERROR(CheckPrecision(input, options.ElementType()));
  const RmsNormShape shape = ShapeOf(spec, input);
  BATON_RETURN_IF_ERROR(CheckRows("rms_norm", shape.NumRuns()));
  if (spec.width > kMaxRmsNormWidth) {
    return absl::InvalidArgumentError(
        absl::StrCat("rms_norm.width: ", spec.width, " is above the CUDA backend's limit, ", kMaxRmsNormWidth));
  }
  Footprint footprint;
  footprint.saved = AlignUp(shape.NumRuns() * static_cast<Bytes>(sizeof(float)));
  footprint.stash = AlignUp(spec.width * static_cast<Bytes>(sizeof(float)));
  footprint.scratch = RmsNormBackwardScratchBytes(shape);
  return std::make_unique<CudaRmsNorm>(std::move(info), footprint, spec);
}

}  // namespace baton
