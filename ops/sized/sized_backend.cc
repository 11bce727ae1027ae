// Takes the facts of the host's layers, and halves the elements of their activations.
#include "ops/sized/sized_backend.h"

#include <utility>

#include "base/status.h"
#include "ops/layers/primitive_layer.h"

namespace baton {
namespace {

absl::Status CannotRun() { return absl::FailedPreconditionError("a layer that was made to predict cannot run"); }

// The same extents in another type; i32 stays.
Shape InType(DataType type, const Shape& shape) {
  return shape.type() == DataType::kInt32 ? shape : Shape(type, shape.extents());
}

class SizedLayer final : public PrimitiveLayer {
 public:
  using PrimitiveLayer::PrimitiveLayer;

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override { return CannotRun(); }
  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override { return CannotRun(); }
  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override { return CannotRun(); }
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> SizedBackend::Create(const LayerSpec& spec, const Shape& input) const {
  BATON_ASSIGN_OR_RETURN(const std::unique_ptr<Layer> layer, host_.Create(spec, InType(DataType::kFloat32, input)));
  LayerInfo info;
  info.input_shape = input;
  // A loss has no output.
  const Shape& output = layer->output_shape();
  info.output_shape = output.extents().empty() ? output : InType(DataType::kBFloat16, output);
  info.parameters = layer->parameters();
  info.input_use = layer->input_use();
  info.weight_needs_grad_output = layer->weight_needs_grad_output();
  info.flops = layer->flops();
  return std::make_unique<SizedLayer>(std::move(info), layer->footprint());
}

absl::Status SizedBackend::Add(KernelStream stream, const Shape& shape, const std::byte* a, const std::byte* b,
                               std::byte* sum) const {
  return CannotRun();
}

}  // namespace baton
