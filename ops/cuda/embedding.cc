// Embedding by Baton's own kernels. A token outside the vocabulary embeds as NaN, so that the loss becomes NaN.
#include "ops/cuda/embedding.h"

#include <utility>

#include "base/status.h"
#include "ops/cuda/kernels/embedding.h"
#include "ops/cuda/support.h"
#include "ops/layers/primitive_layer.h"

namespace baton {
namespace {

class CudaEmbedding final : public PrimitiveLayer {
 public:
  CudaEmbedding(LayerInfo info, const EmbeddingSpec& spec)
      : PrimitiveLayer(std::move(info), Footprint{}),
        shape_({output_shape().type(), input_shape()[0], input_shape()[1], spec.vocabulary, spec.width}),
        has_positions_(!spec.position_name.empty()) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    return LaunchEmbedding(stream, shape_, Ids(buffers.input), Value<std::byte>(0),
                           has_positions_ ? Value<std::byte>(1) : nullptr, buffers.output);
  }

  // Tokens have no gradient.
  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override { return absl::OkStatus(); }

  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override {
    return LaunchEmbeddingBackward(stream, shape_, Ids(buffers.input), buffers.grad_output, Gradient<float>(0),
                                   has_positions_ ? Gradient<float>(1) : nullptr);
  }

 private:
  const EmbeddingShape shape_;
  const bool has_positions_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateCudaEmbedding(const EmbeddingSpec& spec, const Shape& input,
                                                           const CudaBackendOptions& options) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, EmbeddingInfo(spec, input, options.ElementType()));
  BATON_RETURN_IF_ERROR(CheckRows("embedding", input.NumElements()));
  return std::make_unique<CudaEmbedding>(std::move(info), spec);
}

}  // namespace baton
