// Attention in blocks of queries: matrix products by oneDNN, softmax by Baton's own loops.
#include "ops/host/attention.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "base/status.h"
#include "ops/host/one_dnn.h"
#include "ops/host/simd.h"
#include "ops/host/support.h"
#include "ops/layers/attention_dropout.h"
#include "ops/layers/primitive_layer.h"

namespace baton {
namespace {

// The queries of a block. A block multiplies no key that none of its queries sees:
//
//            keys ─▶
//   queries  ▓░            ▓ computed; the softmax masks half of the block on the diagonal
//      │     ▓▓░           ░ not computed
//      ▼     ▓▓▓░          With a window, blocks on the left are not computed either.
//
// With 64, products are still fast and most of the masked half is skipped (measured for heads of 32 and 64 channels).
constexpr int64_t kQueriesPerBlock = 64;

constexpr int64_t RoundUpToVector(int64_t count) { return (count + 15) / 16 * 16; }

// The keys of one block that its queries see: query q sees [max(0, first + q), min(keys, end + q)).
struct Mask {
  int64_t first;
  int64_t end;
};

// scores ← softmax of each row over the keys that its query sees; 0 for the rest of its `keys`. scores: [queries,
// stride]. Computes whole vectors, then masks them, which is faster than stopping at the last key.
BATON_SIMD_CLONES
void SoftmaxRows(int64_t queries, Mask mask, int64_t keys, int64_t stride, float* scores) {
  for (int64_t q = 0; q < queries; ++q) {
    float* __restrict row = scores + q * stride;
    const int32_t begin = static_cast<int32_t>(std::max<int64_t>(0, mask.first + q));
    const int32_t seen = static_cast<int32_t>(std::min(keys, mask.end + q));
    const int32_t end = static_cast<int32_t>(RoundUpToVector(seen));
    float largest = row[begin];
#pragma omp simd reduction(max : largest)
    for (int32_t k = 0; k < end; ++k) {
      const float score = k >= begin && k < seen ? row[k] : -INFINITY;
      largest = score > largest ? score : largest;
    }
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int32_t k = 0; k < end; ++k) {
      const float exponential = VectorizableExp(row[k] - largest);
      const float masked = k >= begin && k < seen ? exponential : 0.0f;
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

// Queries [begin, begin + queries) and the keys [first_key, first_key + keys) that any of them sees.
struct Block {
  int64_t begin;
  int64_t queries;
  int64_t first_key;
  int64_t keys;
  Mask mask;

  int64_t Stride() const { return RoundUpToVector(keys); }
  int64_t NumProbabilities() const { return queries * Stride(); }
};

std::vector<Block> MakeBlocks(const AttentionSpec& spec, int64_t context) {
  std::vector<Block> blocks;
  for (int64_t begin = 0; begin < context; begin += kQueriesPerBlock) {
    const int64_t end = std::min(begin + kQueriesPerBlock, context);
    const int64_t first = spec.window == 0 ? 0 : std::max<int64_t>(0, begin - spec.window + 1);
    Block block{begin, end - begin, first, (spec.causal ? end : context) - first, {0, context}};
    // Without a window, query q must not begin later than key 0.
    block.mask.first = spec.window == 0 ? -context : begin - spec.window + 1 - first;
    if (spec.causal) block.mask.end = begin + 1 - first;
    blocks.push_back(block);
  }
  return blocks;
}

int64_t NumProbabilities(const std::vector<Block>& blocks) {
  int64_t sum = 0;
  for (const Block& block : blocks) sum += block.NumProbabilities();
  return sum;
}

int64_t LargestBlock(const std::vector<Block>& blocks) {
  int64_t largest = 0;
  for (const Block& block : blocks) largest = std::max(largest, block.NumProbabilities());
  return largest;
}

// One head of one sequence of a pass.
struct Head {
  const PassBuffers& buffers;
  int64_t sequence;
  int64_t head;
};

// One head of one sequence: where its queries, keys and values begin in rows of `stride` elements. T: float or const
// float.
template <typename T>
struct HeadRows {
  T* queries;
  T* keys;
  T* values;
};

// One sgemm for each sequence, head and block of queries; a stride selects the columns of a head.
// saved: the probabilities of each head before dropout, one block after another; the rows of a block have its Stride().
// With dropout, scratch has the probabilities of one block behind it.
class HostAttention final : public PrimitiveLayer {
 public:
  HostAttention(int threads, LayerInfo info, const Footprint& footprint, const AttentionSpec& spec,
                std::vector<Block> blocks)
      : PrimitiveLayer(std::move(info), footprint),
        threads_(threads),
        spec_(spec),
        context_(input_shape()[1]),
        head_width_(spec.HeadWidth()),
        heads_per_key_(spec.heads / spec.KeyValueHeads()),
        scale_(static_cast<float>(1.0 / std::sqrt(static_cast<double>(head_width_)))),
        blocks_(std::move(blocks)),
        probabilities_per_head_(NumProbabilities(blocks_)),
        largest_block_(LargestBlock(blocks_)),
        dropout_(spec, context_) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const ThreadScope scope(threads_);
    float* probabilities = Floats(buffers.saved);
    for (int64_t sequence = 0; sequence < input_shape()[0]; ++sequence) {
      for (int64_t head = 0; head < spec_.heads; ++head, probabilities += probabilities_per_head_) {
        float* output = Floats(buffers.output) + sequence * context_ * spec_.width + head * head_width_;
        BATON_RETURN_IF_ERROR(HeadForward({buffers, sequence, head}, RowsOf(Floats(buffers.input), sequence, head),
                                          output, probabilities));
      }
    }
    return absl::OkStatus();
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    const ThreadScope scope(threads_);
    const float* probabilities = Floats(buffers.saved);
    for (int64_t sequence = 0; sequence < input_shape()[0]; ++sequence) {
      for (int64_t head = 0; head < spec_.heads; ++head, probabilities += probabilities_per_head_) {
        const float* grad_output = Floats(buffers.grad_output) + sequence * context_ * spec_.width + head * head_width_;
        const bool first = head % heads_per_key_ == 0;  // of the heads that share a key
        BATON_RETURN_IF_ERROR(HeadBackward(
            {buffers, sequence, head}, RowsOf(Floats(buffers.input), sequence, head), grad_output, probabilities, first,
            RowsOf(Floats(buffers.grad_input), sequence, head), Floats(buffers.scratch)));
      }
    }
    return absl::OkStatus();
  }

 private:
  template <typename T>
  HeadRows<T> RowsOf(T* input, int64_t sequence, int64_t head) const {
    T* const queries = input + sequence * context_ * spec_.RowWidth() + head * head_width_;
    T* const keys = input + sequence * context_ * spec_.RowWidth() + spec_.width + head / heads_per_key_ * head_width_;
    return {queries, keys, keys + spec_.KeyValueHeads() * head_width_};
  }

  // output: [context, width] from the head's first channel on.
  absl::Status HeadForward(const Head& place, const HeadRows<const float>& head, float* output,
                           float* probabilities) const {
    const int64_t stride = spec_.RowWidth();
    const bool drops = dropout_.IsOn(place.buffers);
    for (const Block& block : blocks_) {
      const int64_t keys = block.first_key * stride;
      BATON_RETURN_IF_ERROR(Gemm(block.queries, block.keys, head_width_, scale_,
                                 {head.queries + block.begin * stride, stride},
                                 {head.keys + keys, stride, /*transposed=*/true}, 0.0f, probabilities, block.Stride()));
      SoftmaxRows(block.queries, block.mask, block.keys, block.Stride(), probabilities);
      float* kept = probabilities;
      if (drops) {
        kept = Floats(place.buffers.scratch);
        Drop(place, block, probabilities, kept);
      }
      BATON_RETURN_IF_ERROR(Gemm(block.queries, head_width_, block.keys, 1.0f, {kept, block.Stride()},
                                 {head.values + keys, stride}, 0.0f, output + block.begin * spec_.width, spec_.width));
      probabilities += block.NumProbabilities();
    }
    return absl::OkStatus();
  }

  // The last block runs first: without a window it uses all keys and values, so it sets their gradients, if `first`,
  // and the other blocks and heads add to them. With a window all blocks add.
  absl::Status HeadBackward(const Head& place, const HeadRows<const float>& head, const float* grad_output,
                            const float* probabilities, bool first, const HeadRows<float>& gradients,
                            float* scratch) const {
    const int64_t stride = spec_.RowWidth();
    const bool drops = dropout_.IsOn(place.buffers);
    if (first && spec_.window > 0) ClearKeysAndValues(gradients);
    const float* saved = probabilities + probabilities_per_head_;
    for (auto block = blocks_.rbegin(); block != blocks_.rend(); ++block) {
      const int64_t row = block->Stride();
      const int64_t keys = block->first_key * stride;
      const int64_t queries = block->begin * stride;
      const float beta = first && spec_.window == 0 && block == blocks_.rbegin() ? 0.0f : 1.0f;
      const Matrix dy{grad_output + block->begin * spec_.width, spec_.width};
      saved -= block->NumProbabilities();
      const float* kept = saved;
      if (drops) {
        kept = scratch + largest_block_;
        Drop(place, *block, saved, scratch + largest_block_);
      }
      BATON_RETURN_IF_ERROR(Gemm(block->keys, head_width_, block->queries, 1.0f, {kept, row, /*transposed=*/true}, dy,
                                 beta, gradients.values + keys, stride));
      BATON_RETURN_IF_ERROR(Gemm(block->queries, block->keys, head_width_, 1.0f, dy,
                                 {head.values + keys, stride, /*transposed=*/true}, 0.0f, scratch, row));
      if (drops) Drop(place, *block, scratch, scratch);
      SoftmaxRowsBackward(block->queries, block->keys, row, scale_, saved, scratch);
      BATON_RETURN_IF_ERROR(Gemm(block->queries, head_width_, block->keys, 1.0f, {scratch, row},
                                 {head.keys + keys, stride}, 0.0f, gradients.queries + queries, stride));
      BATON_RETURN_IF_ERROR(Gemm(block->keys, head_width_, block->queries, 1.0f, {scratch, row, /*transposed=*/true},
                                 {head.queries + queries, stride}, beta, gradients.keys + keys, stride));
    }
    return absl::OkStatus();
  }

  // Multiplies a block of probabilities, or of their gradients, by the factors of dropout. `from` may be `to`.
  void Drop(const Head& place, const Block& block, const float* from, float* to) const {
    constexpr int64_t kChunk = 256;
    float factors[kChunk];
    for (int64_t q = 0; q < block.queries; ++q) {
      const float* const row = from + q * block.Stride();
      float* const result = to + q * block.Stride();
      for (int64_t k = 0; k < block.keys; k += kChunk) {
        const int64_t count = std::min(kChunk, block.keys - k);
        dropout_.Factors(place.buffers, place.sequence, place.head, block.begin + q, block.first_key + k, count,
                         factors);
        for (int64_t i = 0; i < count; ++i) result[k + i] = row[k + i] * factors[i];
      }
    }
  }

  void ClearKeysAndValues(const HeadRows<float>& gradients) const {
    for (int64_t position = 0; position < context_; ++position) {
      std::fill_n(gradients.keys + position * spec_.RowWidth(), head_width_, 0.0f);
      std::fill_n(gradients.values + position * spec_.RowWidth(), head_width_, 0.0f);
    }
  }

  const int threads_;
  const AttentionSpec spec_;
  const int64_t context_;
  const int64_t head_width_;
  const int64_t heads_per_key_;
  const float scale_;
  const std::vector<Block> blocks_;
  const int64_t probabilities_per_head_;
  const int64_t largest_block_;
  const AttentionDropout dropout_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateHostAttention(const AttentionSpec& spec, const Shape& input, int threads) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, AttentionInfo(spec, input));
  BATON_RETURN_IF_ERROR(CheckFloat32(input));
  const Bytes element = SizeOf(DataType::kFloat32);
  std::vector<Block> blocks = MakeBlocks(spec, input[1]);
  Footprint footprint;
  footprint.saved = AlignUp(input[0] * spec.heads * NumProbabilities(blocks) * element);
  footprint.scratch = AlignUp((spec.dropout > 0 ? 2 : 1) * LargestBlock(blocks) * element);
  return std::make_unique<HostAttention>(threads, std::move(info), footprint, spec, std::move(blocks));
}

}  // namespace baton
