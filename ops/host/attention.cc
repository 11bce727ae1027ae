// Attention in blocks of queries, by Baton's own products and softmax. No pass keeps the scores of more than one block
// a thread.
#include "ops/host/attention.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "base/status.h"
#include "ops/host/attention_blocks.h"
#include "ops/host/attention_packing.h"
#include "ops/host/attention_softmax.h"
#include "ops/host/parallel.h"
#include "ops/host/small_product.h"
#include "ops/host/support.h"
#include "ops/layers/attention_dropout.h"
#include "ops/layers/primitive_layer.h"

namespace baton {
namespace {

// A thread's scratch: offsets in elements.
struct Workspace {
  // One sequence and key head needs in Forward: keys in panels and values in rows; in Backward: keys and values in
  // panels, keys in rows, and the sums of the gradients of keys and values.
  int64_t key_panels, value_panels, rows, grad_keys, grad_values;
  // One block of queries needs queries, gradients of outputs, a product's result; probabilities, their gradients, and,
  // with dropout, what it leaves of the probabilities.
  int64_t queries, grad_outputs, result, probabilities, gradients, kept;
  int64_t end;

  Workspace(const AttentionSpec& spec, int64_t context, int64_t largest_block) {
    const int64_t width = spec.HeadWidth(), packed = PackedWidth(width);
    int64_t next = 0;
    const auto place = [&next](int64_t elements) {
      const int64_t begin = next;
      next += RoundUpToVector(elements);
      return begin;
    };
    key_panels = place(PanelElements(context, width));
    value_panels = place(PanelElements(context, width));
    rows = place(context * packed);
    grad_keys = place(context * packed);
    grad_values = place(context * packed);
    queries = place(kQueriesPerBlock * packed);
    grad_outputs = place(kQueriesPerBlock * packed);
    result = place(kQueriesPerBlock * packed);
    probabilities = place(largest_block);
    gradients = place(largest_block);
    kept = spec.dropout > 0 ? place(largest_block) : probabilities;
    end = next;
  }
};

// One sequence and key head of a pass, and the scratch of the thread that computes it.
struct KeyHead {
  const PassBuffers& buffers;
  int64_t sequence;
  int64_t key_head;
  float* scratch;
};

// Threads share the pairs of a sequence and a key head; a pair packs its keys and values once for all heads that share
// them. saved: log Σ exp of the scores of each query, [sequences, heads, context].
class HostAttention final : public PrimitiveLayer {
 public:
  HostAttention(int threads, LayerInfo info, const Footprint& footprint, const AttentionSpec& spec,
                std::vector<QueryBlock> blocks, const Workspace& workspace)
      : PrimitiveLayer(std::move(info), footprint),
        threads_(threads),
        spec_(spec),
        context_(input_shape()[1]),
        width_(spec.HeadWidth()),
        packed_(PackedWidth(width_)),
        heads_per_key_(spec.heads / spec.KeyValueHeads()),
        scale_(static_cast<float>(1.0 / std::sqrt(static_cast<double>(width_)))),
        blocks_(std::move(blocks)),
        workspace_(workspace),
        dropout_(spec, context_) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    ForEachKeyHead(buffers, [this](const KeyHead& place) { ForwardHeads(place); });
    return absl::OkStatus();
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    ForEachKeyHead(buffers, [this](const KeyHead& place) { BackwardHeads(place); });
    return absl::OkStatus();
  }

 private:
  template <typename Function>
  void ForEachKeyHead(const PassBuffers& buffers, Function function) const {
    const int64_t key_heads = spec_.KeyValueHeads();
    ParallelFor(threads_, input_shape()[0] * key_heads, 1, [&](int64_t begin, int64_t end, int thread) {
      float* const scratch = Floats(buffers.scratch) + thread * workspace_.end;
      for (int64_t i = begin; i < end; ++i) function(KeyHead{buffers, i / key_heads, i % key_heads, scratch});
    });
  }

  // Offsets in rows of the input: of a head's queries, and of a key head's keys and values.
  int64_t QueriesAt(const KeyHead& place, int64_t head, int64_t row) const {
    return (place.sequence * context_ + row) * spec_.RowWidth() + head * width_;
  }
  int64_t KeysAt(const KeyHead& place) const {
    return place.sequence * context_ * spec_.RowWidth() + spec_.width + place.key_head * width_;
  }
  int64_t ValuesAt(const KeyHead& place) const { return KeysAt(place) + spec_.KeyValueHeads() * width_; }
  int64_t OutputAt(const KeyHead& place, int64_t head, int64_t row) const {
    return (place.sequence * context_ + row) * spec_.width + head * width_;
  }
  float* LogSums(const KeyHead& place, int64_t head, const QueryBlock& block) const {
    return Floats(place.buffers.saved) + (place.sequence * spec_.heads + head) * context_ + block.begin;
  }

  // scores ← rows · panelsᵀ for the keys that each tile of rows sees. rows: [block.queries, packed_].
  void MultiplyPanels(const QueryBlock& block, const float* rows, const float* panels, float* scores) const {
    for (int64_t panel = 0; panel < block.keys; panel += kKeysPerPanel) {
      const float* const keys = panels + (block.first_key + panel) * width_;
      for (int64_t q = 0; q < block.queries; q += kRowsPerTile) {
        const int64_t count = std::min(kRowsPerTile, block.queries - q);
        const int64_t columns = std::min(kKeysPerPanel, RoundUpToVector(block.KeysSeen(q + count - 1)) - panel);
        if (columns <= 0) continue;
        SmallProduct(count, columns, width_, {rows + q * packed_, packed_, 1}, keys, kKeysPerPanel, /*adds=*/false,
                     scores + q * block.Stride() + panel, block.Stride());
      }
    }
  }

  // result ← scores · rows of the block's keys; scores are 0 where a query does not see a key.
  void MultiplyRows(const QueryBlock& block, const float* scores, const float* rows, float* result) const {
    for (int64_t q = 0; q < block.queries; q += kRowsPerTile) {
      const int64_t count = std::min(kRowsPerTile, block.queries - q);
      SmallProduct(count, packed_, block.KeysSeen(q + count - 1), {scores + q * block.Stride(), block.Stride(), 1},
                   rows + block.first_key * packed_, packed_, /*adds=*/false, result + q * packed_, packed_);
    }
  }

  // sums ← sums + scoresᵀ · rows. sums: [context, packed_], of keys; rows: [block.queries, packed_].
  void AddTransposed(const QueryBlock& block, const float* scores, const float* rows, float* sums) const {
    for (int64_t key = 0; key < block.keys; key += kRowsPerTile) {
      const int64_t count = std::min(kRowsPerTile, block.keys - key);
      const int64_t first = block.FirstQuery(key);
      if (first >= block.queries) return;
      SmallProduct(count, packed_, block.queries - first, {scores + first * block.Stride() + key, 1, block.Stride()},
                   rows + first * packed_, packed_, /*adds=*/true, sums + (block.first_key + key) * packed_, packed_);
    }
  }

  void ForwardHeads(const KeyHead& place) const {
    float* const scratch = place.scratch;
    const float* const input = Floats(place.buffers.input);
    PackPanels(context_, width_, spec_.RowWidth(), input + KeysAt(place), scratch + workspace_.key_panels);
    PackRows(context_, width_, spec_.RowWidth(), 1.0f, input + ValuesAt(place), scratch + workspace_.rows);
    float* const probabilities = scratch + workspace_.probabilities;
    float inverse_sums[kQueriesPerBlock];
    for (int64_t i = 0; i < heads_per_key_; ++i) {
      const int64_t head = place.key_head * heads_per_key_ + i;
      for (const QueryBlock& block : blocks_) {
        PackRows(block.queries, width_, spec_.RowWidth(), scale_, input + QueriesAt(place, head, block.begin),
                 scratch + workspace_.queries);
        MultiplyPanels(block, scratch + workspace_.queries, scratch + workspace_.key_panels, probabilities);
        ExponentialRows(block, probabilities, inverse_sums, LogSums(place, head, block));
        if (dropout_.IsOn(place.buffers)) Drop(place, head, block, probabilities, probabilities);
        MultiplyRows(block, probabilities, scratch + workspace_.rows, scratch + workspace_.result);
        UnpackRows(block.queries, width_, spec_.width, inverse_sums, scratch + workspace_.result,
                   Floats(place.buffers.output) + OutputAt(place, head, block.begin));
      }
    }
  }

  void BackwardHeads(const KeyHead& place) const {
    float* const scratch = place.scratch;
    const float* const input = Floats(place.buffers.input);
    float* const grad_input = Floats(place.buffers.grad_input);
    PackPanels(context_, width_, spec_.RowWidth(), input + KeysAt(place), scratch + workspace_.key_panels);
    PackPanels(context_, width_, spec_.RowWidth(), input + ValuesAt(place), scratch + workspace_.value_panels);
    PackRows(context_, width_, spec_.RowWidth(), scale_, input + KeysAt(place), scratch + workspace_.rows);
    std::fill_n(scratch + workspace_.grad_keys, context_ * packed_, 0.0f);
    std::fill_n(scratch + workspace_.grad_values, context_ * packed_, 0.0f);
    for (int64_t i = 0; i < heads_per_key_; ++i) {
      for (const QueryBlock& block : blocks_) BackwardBlock(place, place.key_head * heads_per_key_ + i, block);
    }
    UnpackRows(context_, width_, spec_.RowWidth(), nullptr, scratch + workspace_.grad_keys, grad_input + KeysAt(place));
    UnpackRows(context_, width_, spec_.RowWidth(), nullptr, scratch + workspace_.grad_values,
               grad_input + ValuesAt(place));
  }

  // The scale of scores is that of the packed queries and keys.
  void BackwardBlock(const KeyHead& place, int64_t head, const QueryBlock& block) const {
    float* const scratch = place.scratch;
    float* const queries = scratch + workspace_.queries;
    float* const grad_outputs = scratch + workspace_.grad_outputs;
    float* const probabilities = scratch + workspace_.probabilities;
    float* const gradients = scratch + workspace_.gradients;
    float* const kept = scratch + workspace_.kept;
    PackRows(block.queries, width_, spec_.RowWidth(), scale_,
             Floats(place.buffers.input) + QueriesAt(place, head, block.begin), queries);
    PackRows(block.queries, width_, spec_.width, 1.0f,
             Floats(place.buffers.grad_output) + OutputAt(place, head, block.begin), grad_outputs);
    MultiplyPanels(block, queries, scratch + workspace_.key_panels, probabilities);
    ProbabilityRows(block, LogSums(place, head, block), probabilities);
    const bool drops = dropout_.IsOn(place.buffers);
    if (drops) Drop(place, head, block, probabilities, kept);
    AddTransposed(block, drops ? kept : probabilities, grad_outputs, scratch + workspace_.grad_values);
    MultiplyPanels(block, grad_outputs, scratch + workspace_.value_panels, gradients);
    if (drops) Drop(place, head, block, gradients, gradients);
    SoftmaxRowsBackward(block, probabilities, gradients);
    MultiplyRows(block, gradients, scratch + workspace_.rows, scratch + workspace_.result);
    UnpackRows(block.queries, width_, spec_.RowWidth(), nullptr, scratch + workspace_.result,
               Floats(place.buffers.grad_input) + QueriesAt(place, head, block.begin));
    AddTransposed(block, gradients, queries, scratch + workspace_.grad_keys);
  }

  // Multiplies a block of probabilities, or of their gradients, by the factors of dropout. `from` may be `to`.
  void Drop(const KeyHead& place, int64_t head, const QueryBlock& block, const float* from, float* to) const {
    constexpr int64_t kChunk = 256;
    float factors[kChunk];
    for (int64_t q = 0; q < block.queries; ++q) {
      const float* const row = from + q * block.Stride();
      float* const result = to + q * block.Stride();
      for (int64_t k = 0; k < block.keys; k += kChunk) {
        const int64_t count = std::min(kChunk, block.keys - k);
        dropout_.Factors(place.buffers, place.sequence, head, block.begin + q, block.first_key + k, count, factors);
        for (int64_t i = 0; i < count; ++i) result[k + i] = row[k + i] * factors[i];
      }
    }
  }

  // Rows of a product that share the keys that they see.
  static constexpr int64_t kRowsPerTile = 12;

  const int threads_;
  const AttentionSpec spec_;
  const int64_t context_;
  const int64_t width_, packed_;  // of a head
  const int64_t heads_per_key_;
  const float scale_;
  const std::vector<QueryBlock> blocks_;
  const Workspace workspace_;
  const AttentionDropout dropout_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateHostAttention(const AttentionSpec& spec, const Shape& input, int threads) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, AttentionInfo(spec, input));
  BATON_RETURN_IF_ERROR(CheckFloat32(input));
  std::vector<QueryBlock> blocks = MakeQueryBlocks(spec, input[1]);
  const Workspace workspace(spec, input[1], LargestBlock(blocks));
  Footprint footprint;
  footprint.saved = AlignUp(input[0] * spec.heads * input[1] * SizeOf(DataType::kFloat32));
  const int64_t threads_used = std::min<int64_t>(threads, input[0] * spec.KeyValueHeads());
  footprint.scratch = AlignUp(threads_used * workspace.end * SizeOf(DataType::kFloat32));
  return std::make_unique<HostAttention>(threads, std::move(info), footprint, spec, std::move(blocks), workspace);
}

}  // namespace baton
