// Causal attention in blocks of queries: matrix products by oneDNN, softmax by Baton's own loops.
#include "ops/host/attention.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/status.h"
#include "ops/host/one_dnn.h"
#include "ops/host/simd.h"
#include "ops/host/support.h"
#include "ops/layers/primitive_layer.h"

namespace baton {
namespace {

// The queries of a block. A block multiplies no key after its last query:
//
//            keys ─▶
//   queries  ▓░            ▓ computed; the softmax masks half of the block on the diagonal
//      │     ▓▓░           ░ not computed
//      ▼     ▓▓▓░
//
// With 64, products are still fast and most of the masked half is skipped (measured for heads of 32 and 64 channels).
constexpr int64_t kQueriesPerBlock = 64;

constexpr int64_t RoundUpToVector(int64_t count) { return (count + 15) / 16 * 16; }

// scores ← softmax of each row over its first `visible + q` keys, for query q; 0 for the rest of its `keys`.
// scores: [queries, stride]. Computes whole vectors, then masks them, which is faster than stopping at the last key.
BATON_SIMD_CLONES
void SoftmaxRows(int64_t queries, int64_t visible, int64_t keys, int64_t stride, float* scores) {
  for (int64_t q = 0; q < queries; ++q) {
    float* __restrict row = scores + q * stride;
    const int32_t seen = static_cast<int32_t>(visible + q);
    const int32_t end = static_cast<int32_t>(RoundUpToVector(seen));
    float largest = row[0];
#pragma omp simd reduction(max : largest)
    for (int32_t k = 0; k < end; ++k) {
      const float score = k < seen ? row[k] : -INFINITY;
      largest = score > largest ? score : largest;
    }
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int32_t k = 0; k < end; ++k) {
      const float exponential = VectorizableExp(row[k] - largest);
      const float masked = k < seen ? exponential : 0.0f;
      row[k] = masked;
      sum += masked;
    }
    const float inverse_sum = 1.0f / sum;
#pragma omp simd
    for (int32_t k = 0; k < end; ++k) row[k] *= inverse_sum;
    for (int64_t k = end; k < keys; ++k) row[k] = 0;
  }
}

// Turns the gradients of probabilities, dp, into those of unscaled scores: ds = scale · p · (dp − Σ p dp).
// probabilities, gradients: [queries, stride].
BATON_SIMD_CLONES
void SoftmaxRowsBackward(int64_t queries, int64_t keys, int64_t stride, float scale, const float* probabilities,
                         float* gradients) {
  for (int64_t q = 0; q < queries; ++q) {
    const float* __restrict p = probabilities + q * stride;
    float* __restrict gradient = gradients + q * stride;
    float dot = 0;
#pragma omp simd reduction(+ : dot)
    for (int64_t k = 0; k < keys; ++k) dot += p[k] * gradient[k];
#pragma omp simd
    for (int64_t k = 0; k < keys; ++k) gradient[k] = scale * p[k] * (gradient[k] - dot);
  }
}

// One sgemm for each sequence, head and block of queries; a stride selects the columns of a head.
// saved: the probabilities, one block after another; all rows of a block have the same length, RoundUpToVector(its last
// key).
class HostAttention final : public PrimitiveLayer {
 public:
  HostAttention(int threads, LayerInfo info, const Footprint& footprint, const AttentionSpec& spec)
      : PrimitiveLayer(std::move(info), footprint),
        threads_(threads),
        sequences_(input_shape()[0]),
        context_(input_shape()[1]),
        heads_(spec.heads),
        width_(spec.width),
        head_width_(spec.width / spec.heads),
        scale_(static_cast<float>(1.0 / std::sqrt(static_cast<double>(head_width_)))) {}

  // The number of saved probabilities of one head of one sequence.
  static int64_t ProbabilitiesPerHead(int64_t context) {
    int64_t sum = 0;
    for (int64_t begin = 0; begin < context; begin += kQueriesPerBlock) {
      const int64_t end = std::min(begin + kQueriesPerBlock, context);
      sum += (end - begin) * RoundUpToVector(end);
    }
    return sum;
  }

  // The number of probabilities in the largest block.
  static int64_t LargestBlock(int64_t context) {
    return std::min(context, kQueriesPerBlock) * RoundUpToVector(context);
  }

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const ThreadScope scope(threads_);
    float* probabilities = Floats(buffers.saved);
    for (int64_t sequence = 0; sequence < sequences_; ++sequence) {
      for (int64_t head = 0; head < heads_; ++head) {
        const float* queries = Floats(buffers.input) + sequence * context_ * 3 * width_ + head * head_width_;
        float* output = Floats(buffers.output) + sequence * context_ * width_ + head * head_width_;
        BATON_RETURN_IF_ERROR(HeadForward(queries, output, probabilities));
        probabilities += ProbabilitiesPerHead(context_);
      }
    }
    return absl::OkStatus();
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    const ThreadScope scope(threads_);
    const float* probabilities = Floats(buffers.saved);
    for (int64_t sequence = 0; sequence < sequences_; ++sequence) {
      for (int64_t head = 0; head < heads_; ++head) {
        const int64_t offset = sequence * context_ * 3 * width_ + head * head_width_;
        const float* grad_output = Floats(buffers.grad_output) + sequence * context_ * width_ + head * head_width_;
        BATON_RETURN_IF_ERROR(HeadBackward(Floats(buffers.input) + offset, grad_output, probabilities,
                                           Floats(buffers.grad_input) + offset, Floats(buffers.scratch)));
        probabilities += ProbabilitiesPerHead(context_);
      }
    }
    return absl::OkStatus();
  }

 private:
  // queries: [context, 3 · width] from the first query of one head on; its keys are `width` elements further on, its
  // values 2 · `width`. output: [context, width] from the head's first channel on.
  absl::Status HeadForward(const float* queries, float* output, float* probabilities) const {
    const int64_t stride = 3 * width_;
    for (int64_t begin = 0; begin < context_; begin += kQueriesPerBlock) {
      const int64_t end = std::min(begin + kQueriesPerBlock, context_);
      const int64_t count = end - begin;
      const int64_t row = RoundUpToVector(end);
      BATON_RETURN_IF_ERROR(Gemm(count, end, head_width_, scale_, {queries + begin * stride, stride},
                                 {queries + width_, stride, /*transposed=*/true}, 0.0f, probabilities, row));
      SoftmaxRows(count, begin + 1, end, row, probabilities);
      BATON_RETURN_IF_ERROR(Gemm(count, head_width_, end, 1.0f, {probabilities, row}, {queries + 2 * width_, stride},
                                 0.0f, output + begin * width_, width_));
      probabilities += count * row;
    }
    return absl::OkStatus();
  }

  // The last block runs first: it uses all keys and values, so it sets their gradients and the other blocks add to
  // them.
  absl::Status HeadBackward(const float* queries, const float* grad_output, const float* probabilities,
                            float* grad_queries, float* scratch) const {
    const int64_t stride = 3 * width_;
    const int64_t last_begin = (context_ - 1) / kQueriesPerBlock * kQueriesPerBlock;
    const float* block = probabilities + ProbabilitiesPerHead(context_);
    for (int64_t begin = last_begin; begin >= 0; begin -= kQueriesPerBlock) {
      const int64_t end = std::min(begin + kQueriesPerBlock, context_);
      const int64_t count = end - begin;
      const int64_t row = RoundUpToVector(end);
      const float beta = begin == last_begin ? 0.0f : 1.0f;
      const Matrix dy{grad_output + begin * width_, width_};
      block -= count * row;
      BATON_RETURN_IF_ERROR(Gemm(end, head_width_, count, 1.0f, {block, row, /*transposed=*/true}, dy, beta,
                                 grad_queries + 2 * width_, stride));
      BATON_RETURN_IF_ERROR(Gemm(count, end, head_width_, 1.0f, dy, {queries + 2 * width_, stride, /*transposed=*/true},
                                 0.0f, scratch, row));
      SoftmaxRowsBackward(count, end, row, scale_, block, scratch);
      BATON_RETURN_IF_ERROR(Gemm(count, head_width_, end, 1.0f, {scratch, row}, {queries + width_, stride}, 0.0f,
                                 grad_queries + begin * stride, stride));
      BATON_RETURN_IF_ERROR(Gemm(end, head_width_, count, 1.0f, {scratch, row, /*transposed=*/true},
                                 {queries + begin * stride, stride}, beta, grad_queries + width_, stride));
    }
    return absl::OkStatus();
  }

  const int threads_;
  const int64_t sequences_;
  const int64_t context_;
  const int64_t heads_;
  const int64_t width_;
  const int64_t head_width_;
  const float scale_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateHostAttention(const AttentionSpec& spec, const Shape& input,
                                                                 int threads) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, AttentionInfo(spec, input));
  BATON_RETURN_IF_ERROR(CheckFloat32(input));
  const Bytes element = SizeOf(DataType::kFloat32);
  Footprint footprint;
  footprint.saved = AlignUp(input[0] * spec.heads * HostAttention::ProbabilitiesPerHead(input[1]) * element);
  footprint.scratch = AlignUp(HostAttention::LargestBlock(input[1]) * element);
  return std::make_unique<HostAttention>(threads, std::move(info), footprint, spec);
}

}  // namespace baton
