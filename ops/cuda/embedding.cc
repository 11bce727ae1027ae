// Embedding by Baton's own kernels. A token outside the vocabulary embeds as NaN, so that the loss becomes NaN.
#include "ops/cuda/embedding.h"

#include <utility>

#include "base/status.h"
#include "ops/cuda/kernels/embedding.h"
#include "ops/cuda/kernels/segment_gradient.h"
#include "ops/cuda/support.h"
#include "ops/layers/primitive_layer.h"

namespace baton {
namespace {

EmbeddingShape ShapeOf(const EmbeddingSpec& spec, const LayerInfo& info) {
  const Shape& input = info.input_shape;
  const IndexRange own = spec.slice.IsWhole() ? IndexRange{0, spec.vocabulary} : spec.slice.ranges.front();
  return {info.output_shape.type(),
          input[0],
          input[1],
          spec.vocabulary,
          spec.width,
          spec.segment_name.empty() ? 1 : spec.segments,
          own.begin,
          own.end};
}

class CudaEmbedding final : public PrimitiveLayer {
 public:
  CudaEmbedding(LayerInfo info, const Footprint& footprint, const EmbeddingSpec& spec, const EmbeddingShape& shape)
      : PrimitiveLayer(std::move(info), footprint),
        shape_(shape),
        has_positions_(!spec.position_name.empty()),
        has_segments_(!spec.segment_name.empty()),
        adds_positions_(spec.adds_positions) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const KernelScope scope(stream.native_handle, [&] {
      return PassWork("embedding", "forward", output_shape(),
                      2.0 + (has_positions_ && adds_positions_) + (has_segments_ && adds_positions_));
    });
    const EmbeddingTables<const std::byte> tables = {
        Value<std::byte>(0), has_positions_ && adds_positions_ ? Value<std::byte>(1) : nullptr,
        has_segments_ && adds_positions_ ? Value<std::byte>(SegmentTable()) : nullptr};
    return LaunchEmbedding(stream, shape_, Ids(buffers.input), tables, buffers.output);
  }

  // Tokens have no gradient.
  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override { return absl::OkStatus(); }

  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override {
    const KernelScope scope(stream.native_handle, [&] {
      return PassWork("embedding", "backward", output_shape(), 1.0 + has_positions_ + has_segments_);
    });
    const EmbeddingTables<float> gradients = {Gradient<float>(0), has_positions_ ? Gradient<float>(1) : nullptr,
                                              has_segments_ ? Gradient<float>(SegmentTable()) : nullptr};
    return LaunchEmbeddingBackward(stream, shape_, Ids(buffers.input), buffers.grad_output, gradients, buffers.scratch);
  }

 private:
  int SegmentTable() const { return has_positions_ ? 2 : 1; }

  const EmbeddingShape shape_;
  const bool has_positions_;
  const bool has_segments_;
  const bool adds_positions_;  // and segments
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateCudaEmbedding(const EmbeddingSpec& spec, const Shape& input,
                                                           const CudaBackendOptions& options) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, EmbeddingInfo(spec, input, options.ElementType()));
  BATON_RETURN_IF_ERROR(CheckRows("embedding", input.NumElements()));
  const EmbeddingShape shape = ShapeOf(spec, info);
  Footprint footprint;
  if (!spec.segment_name.empty()) footprint.scratch = SegmentGradientScratchBytes(shape);
  return std::make_unique<CudaEmbedding>(std::move(info), footprint, spec, shape);
}

}  // namespace baton
