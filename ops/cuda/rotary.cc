// Rotary positions by Baton's own kernel. Nothing is saved: a gradient turns back by the same angles.
#include "ops/cuda/rotary.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/status.h"
#include "ops/cuda/kernels/rotary.h"
#include "ops/cuda/support.h"
#include "ops/layers/primitive_layer.h"
#include "ops/layers/rotary_table.h"

namespace baton {
namespace {

RotaryShape ShapeOf(const RotarySpec& spec, const Shape& input) {
  RotaryShape shape = {input.type(), input[0], input[1], input[2], spec.heads, spec.width};
  shape.magnitude = static_cast<float>(spec.frequencies.magnitude);
  const std::vector<float> frequencies = PairFrequencies(spec);
  std::copy(frequencies.begin(), frequencies.end(), shape.frequencies);
  return shape;
}

class CudaRotary final : public PrimitiveLayer {
 public:
  CudaRotary(LayerInfo info, const RotarySpec& spec)
      : PrimitiveLayer(std::move(info), Footprint{}), shape_(ShapeOf(spec, input_shape())) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const KernelScope scope(stream.native_handle, [&] { return PassWork("rotary", "forward", input_shape(), 2); });
    return LaunchRotary(stream, shape_, /*forward=*/true, buffers.input, buffers.output);
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    const KernelScope scope(stream.native_handle, [&] { return PassWork("rotary", "backward", input_shape(), 2); });
    return LaunchRotary(stream, shape_, /*forward=*/false, buffers.grad_output, buffers.grad_input);
  }

 private:
  const RotaryShape shape_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateCudaRotary(const RotarySpec& spec, const Shape& input,
                                                        const CudaBackendOptions& options) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, RotaryInfo(spec, input));
  BATON_RETURN_IF_ERROR(CheckPrecision(input, options.ElementType()));
  if (spec.width / 2 > kMaxRotaryPairs) {
    return absl::InvalidArgumentError(
        absl::StrCat("rotary.width: ", spec.width, " is above the CUDA backend's limit, ", 2 * kMaxRotaryPairs));
  }
  return std::make_unique<CudaRotary>(std::move(info), spec);
}

}  // namespace baton
