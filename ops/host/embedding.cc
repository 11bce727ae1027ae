// Embedding as vectorised loops: copies a row of the table for each token and adds gradients row by row.
#include "ops/host/embedding.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "ops/host/parallel.h"
#include "ops/host/simd.h"
#include "ops/host/support.h"
#include "ops/layers/primitive_layer.h"
#include "ops/layers/token_ids.h"

namespace baton {
namespace {

// output[row] ← table[ids[row] % vocabulary − own.begin] + positions[row % context]; a token outside `own` counts as
// zeros. ids: [rows]; table: [own.end − own.begin, width]; positions: [≥ context, width] or null; output: [rows,
// width].
BATON_SIMD_CLONES
void Gather(int64_t rows, int64_t context, int64_t vocabulary, IndexRange own, int64_t width, const int32_t* ids,
            const float* table, const float* positions, float* output) {
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t id = ids[row] % vocabulary;
    float* __restrict y = output + row * width;
    if (id < own.begin || id >= own.end) {
      if (positions == nullptr) {
        std::memset(y, 0, width * sizeof(float));
      } else {
        std::memcpy(y, positions + row % context * width, width * sizeof(float));
      }
      continue;
    }
    const float* __restrict token = table + (id - own.begin) * width;
    if (positions == nullptr) {
      std::memcpy(y, token, width * sizeof(float));
      continue;
    }
    const float* __restrict position = positions + row % context * width;
#pragma omp simd
    for (int64_t c = 0; c < width; ++c) y[c] = token[c] + position[c];
  }
}

// table_gradient[ids[row] % vocabulary − own.begin] += grad_output[row], if the token is in `own`;
// position_gradient[row % context] += grad_output[row], unless it is null. Both for the first `columns` columns of rows
// of `width`. In the order of rows, so that the sum for a token that occurs twice has a fixed order. Shapes: Gather's.
BATON_SIMD_CLONES
void ScatterAdd(int64_t rows, int64_t context, int64_t vocabulary, IndexRange own, int64_t width, int64_t columns,
                const int32_t* ids, const float* grad_output, float* table_gradient, float* position_gradient) {
  for (int64_t row = 0; row < rows; ++row) {
    const float* __restrict dy = grad_output + row * width;
    const int64_t id = ids[row] % vocabulary;
    if (id >= own.begin && id < own.end) {
      float* __restrict token = table_gradient + (id - own.begin) * width;
#pragma omp simd
      for (int64_t c = 0; c < columns; ++c) token[c] += dy[c];
    }
    if (position_gradient == nullptr) continue;
    float* __restrict position = position_gradient + row % context * width;
#pragma omp simd
    for (int64_t c = 0; c < columns; ++c) position[c] += dy[c];
  }
}

// output[row] += segments[ids[row] / vocabulary]. segments: [segments, width].
BATON_SIMD_CLONES
void AddSegments(int64_t rows, int64_t vocabulary, int64_t width, const int32_t* ids, const float* segments,
                 float* output) {
  for (int64_t row = 0; row < rows; ++row) {
    const float* __restrict segment = segments + ids[row] / vocabulary * width;
    float* __restrict y = output + row * width;
#pragma omp simd
    for (int64_t c = 0; c < width; ++c) y[c] += segment[c];
  }
}

// segment_gradient[ids[row] / vocabulary] += grad_output[row], for the first `columns` columns of rows of `width`.
BATON_SIMD_CLONES
void ScatterSegments(int64_t rows, int64_t vocabulary, int64_t width, int64_t columns, const int32_t* ids,
                     const float* grad_output, float* segment_gradient) {
  for (int64_t row = 0; row < rows; ++row) {
    const float* __restrict dy = grad_output + row * width;
    float* __restrict segment = segment_gradient + ids[row] / vocabulary * width;
#pragma omp simd
    for (int64_t c = 0; c < columns; ++c) segment[c] += dy[c];
  }
}

class HostEmbedding final : public PrimitiveLayer {
 public:
  HostEmbedding(LayerInfo info, const EmbeddingSpec& spec, int threads)
      : PrimitiveLayer(std::move(info), Footprint{}),
        threads_(threads),
        vocabulary_(spec.vocabulary),
        width_(spec.width),
        own_(spec.slice.IsWhole() ? IndexRange{0, spec.vocabulary} : spec.slice.ranges.front()),
        has_positions_(!spec.position_name.empty()),
        adds_positions_(spec.adds_positions),
        segments_(spec.segment_name.empty() ? 0 : spec.segments) {}

  // Errors: InvalidArgument if an id is not in [0, vocabulary · segments).
  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const int64_t rows = input_shape().NumElements();
    BATON_RETURN_IF_ERROR(CheckIds("tokens", Ids(buffers.input), rows, NumIds()));
    // In whole sequences, so that each part begins at position 0.
    const int64_t context = input_shape()[1];
    ParallelFor(threads_, rows / context, LeastPart(context * width_ * SizeOf(DataType::kFloat32)),
                [&](int64_t begin, int64_t end, int) {
                  Gather((end - begin) * context, context, vocabulary_, own_, width_,
                         Ids(buffers.input) + begin * context, Value<float>(0),
                         has_positions_ && adds_positions_ ? Value<float>(1) : nullptr,
                         Floats(buffers.output) + begin * context * width_);
                  if (segments_ == 0 || !adds_positions_) return;
                  AddSegments((end - begin) * context, vocabulary_, width_, Ids(buffers.input) + begin * context,
                              Value<float>(SegmentTable()), Floats(buffers.output) + begin * context * width_);
                });
    return absl::OkStatus();
  }

  // Tokens have no gradient.
  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override { return absl::OkStatus(); }

  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override {
    const int64_t rows = input_shape().NumElements();
    BATON_RETURN_IF_ERROR(CheckIds("tokens", Ids(buffers.input), rows, NumIds()));
    // By columns: each element's sum has one thread.
    constexpr int64_t kColumnStep = 16;
    const int64_t steps = (width_ + kColumnStep - 1) / kColumnStep;
    ParallelFor(threads_, steps, LeastPart(2 * rows * kColumnStep * SizeOf(DataType::kFloat32)),
                [&](int64_t begin, int64_t end, int) {
                  const int64_t first = begin * kColumnStep, last = std::min(end * kColumnStep, width_);
                  ScatterAdd(rows, input_shape()[1], vocabulary_, own_, width_, last - first, Ids(buffers.input),
                             Floats(buffers.grad_output) + first, Gradient<float>(0) + first,
                             has_positions_ ? Gradient<float>(1) + first : nullptr);
                  if (segments_ == 0) return;
                  ScatterSegments(rows, vocabulary_, width_, last - first, Ids(buffers.input),
                                  Floats(buffers.grad_output) + first, Gradient<float>(SegmentTable()) + first);
                });
    return absl::OkStatus();
  }

 private:
  int64_t NumIds() const { return vocabulary_ * (segments_ > 0 ? segments_ : 1); }
  int SegmentTable() const { return has_positions_ ? 2 : 1; }

  const int threads_;
  const int64_t vocabulary_;
  const int64_t width_;
  const IndexRange own_;  // the rows of the whole table that this member has
  const bool has_positions_;
  const bool adds_positions_;
  const int64_t segments_;  // 0: no table of segments
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateHostEmbedding(const EmbeddingSpec& spec, const Shape& input, int threads) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, EmbeddingInfo(spec, input, DataType::kFloat32));
  return std::make_unique<HostEmbedding>(std::move(info), spec, threads);
}

}  // namespace baton
