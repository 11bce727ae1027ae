// Token and position embedding as plain loops. Used only by ReferenceBackend.
#ifndef BATON_OPS_REFERENCE_EMBEDDING_H_
#define BATON_OPS_REFERENCE_EMBEDDING_H_

#include <utility>

#include "base/status.h"
#include "ops/layers/primitive_layer.h"
#include "ops/layers/token_ids.h"

namespace baton {

// T: float or double.
template <typename T>
class ReferenceEmbedding final : public PrimitiveLayer {
 public:
  ReferenceEmbedding(LayerInfo info, const EmbeddingSpec& spec)
      : PrimitiveLayer(std::move(info), Footprint{}),
        vocabulary_(spec.vocabulary),
        width_(spec.width),
        rows_(spec.slice.IsWhole() ? IndexRange{0, spec.vocabulary} : spec.slice.ranges.front()),
        has_positions_(!spec.position_name.empty()),
        adds_positions_(spec.adds_positions),
        segments_(spec.segment_name.empty() ? 0 : spec.segments) {}

  // Errors: InvalidArgument if an id is not in [0, vocabulary · segments).
  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const int32_t* tokens = reinterpret_cast<const int32_t*>(buffers.input);
    BATON_RETURN_IF_ERROR(CheckIds("tokens", tokens, input_shape().NumElements(), NumIds()));
    T* y = reinterpret_cast<T*>(buffers.output);
    for (int64_t row = 0; row < input_shape().NumElements(); ++row) {
      const int64_t position = row % input_shape()[1];
      for (int64_t c = 0; c < width_; ++c) {
        const int64_t token = tokens[row] % vocabulary_ - rows_.begin;
        y[row * width_ + c] = IsOwn(token) ? Value<T>(0)[token * width_ + c] : T{0};
        if (!adds_positions_) continue;
        if (has_positions_) y[row * width_ + c] += Value<T>(1)[position * width_ + c];
        if (segments_ > 0) y[row * width_ + c] += Value<T>(SegmentTable())[tokens[row] / vocabulary_ * width_ + c];
      }
    }
    return absl::OkStatus();
  }

  // Tokens have no gradient.
  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override { return absl::OkStatus(); }

  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override {
    const int32_t* tokens = reinterpret_cast<const int32_t*>(buffers.input);
    BATON_RETURN_IF_ERROR(CheckIds("tokens", tokens, input_shape().NumElements(), NumIds()));
    const T* dy = reinterpret_cast<const T*>(buffers.grad_output);
    for (int64_t row = 0; row < input_shape().NumElements(); ++row) {
      const int64_t position = row % input_shape()[1];
      for (int64_t c = 0; c < width_; ++c) {
        const int64_t token = tokens[row] % vocabulary_ - rows_.begin;
        if (IsOwn(token)) Gradient<T>(0)[token * width_ + c] += dy[row * width_ + c];
        if (has_positions_) Gradient<T>(1)[position * width_ + c] += dy[row * width_ + c];
        if (segments_ == 0) continue;
        Gradient<T>(SegmentTable())[tokens[row] / vocabulary_ * width_ + c] += dy[row * width_ + c];
      }
    }
    return absl::OkStatus();
  }

 private:
  int64_t NumIds() const { return vocabulary_ * (segments_ > 0 ? segments_ : 1); }
  int SegmentTable() const { return has_positions_ ? 2 : 1; }
  bool IsOwn(int64_t token) const { return token >= 0 && token < rows_.end - rows_.begin; }

  const int64_t vocabulary_;
  const int64_t width_;
  const IndexRange rows_;  // of the whole table that this member has
  const bool has_positions_;
  const bool adds_positions_;
  const int64_t segments_;  // 0: no table of segments
};

}  // namespace baton

#endif  // BATON_OPS_REFERENCE_EMBEDDING_H_
