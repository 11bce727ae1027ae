// Embedding as vectorised loops: copies a row of the table for each token and adds gradients row by row.
#include "ops/host/embedding.h"

#include <utility>

#include "base/status.h"
#include "ops/host/simd.h"
#include "ops/host/support.h"
#include "ops/layers/primitive_layer.h"
#include "ops/layers/token_ids.h"

namespace baton {
namespace {

// output[row] ← table[tokens[row]] + positions[row % context]. tokens: [rows]; table: [vocabulary, width];
// positions: [≥ context, width] or null; output: [rows, width].
BATON_SIMD_CLONES
void Gather(int64_t rows, int64_t context, int64_t width, const int32_t* tokens, const float* table,
            const float* positions, float* output) {
  for (int64_t row = 0; row < rows; ++row) {
    const float* __restrict token = table + tokens[row] * width;
    float* __restrict y = output + row * width;
    if (positions == nullptr) {
      std::memcpy(y, token, width * sizeof(float));
      continue;
    }
    const float* __restrict position = positions + row % context * width;
#pragma omp simd
    for (int64_t c = 0; c < width; ++c) y[c] = token[c] + position[c];
  }
}

// table_gradient[tokens[row]] += grad_output[row]; position_gradient[row % context] += grad_output[row], unless it is
// null. In the order of rows, so that the sum for a token that occurs twice has a fixed order. Shapes: Gather's.
BATON_SIMD_CLONES
void ScatterAdd(int64_t rows, int64_t context, int64_t width, const int32_t* tokens, const float* grad_output,
                float* table_gradient, float* position_gradient) {
  for (int64_t row = 0; row < rows; ++row) {
    const float* __restrict dy = grad_output + row * width;
    float* __restrict token = table_gradient + tokens[row] * width;
#pragma omp simd
    for (int64_t c = 0; c < width; ++c) token[c] += dy[c];
    if (position_gradient == nullptr) continue;
    float* __restrict position = position_gradient + row % context * width;
#pragma omp simd
    for (int64_t c = 0; c < width; ++c) position[c] += dy[c];
  }
}

class HostEmbedding final : public PrimitiveLayer {
 public:
  HostEmbedding(LayerInfo info, const EmbeddingSpec& spec)
      : PrimitiveLayer(std::move(info), Footprint{}),
        vocabulary_(spec.vocabulary),
        width_(spec.width),
        has_positions_(!spec.position_name.empty()) {}

  // Errors: InvalidArgument if a token is not in [0, vocabulary).
  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const int64_t rows = input_shape().NumElements();
    BATON_RETURN_IF_ERROR(CheckIds("tokens", Ids(buffers.input), rows, vocabulary_));
    Gather(rows, input_shape()[1], width_, Ids(buffers.input), Value<float>(0),
           has_positions_ ? Value<float>(1) : nullptr, Floats(buffers.output));
    return absl::OkStatus();
  }

  // Tokens have no gradient.
  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override { return absl::OkStatus(); }

  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override {
    const int64_t rows = input_shape().NumElements();
    BATON_RETURN_IF_ERROR(CheckIds("tokens", Ids(buffers.input), rows, vocabulary_));
    ScatterAdd(rows, input_shape()[1], width_, Ids(buffers.input), Floats(buffers.grad_output), Gradient<float>(0),
               has_positions_ ? Gradient<float>(1) : nullptr);
    return absl::OkStatus();
  }

 private:
  const int64_t vocabulary_;
  const int64_t width_;
  const bool has_positions_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateHostEmbedding(const EmbeddingSpec& spec, const Shape& input) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, EmbeddingInfo(spec, input, DataType::kFloat32));
  return std::make_unique<HostEmbedding>(std::move(info), spec);
}

}  // namespace baton
