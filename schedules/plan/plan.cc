// Splits and sums; see plan.h.
#include "schedules/plan/plan.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "schedules/plan/layer_weights.h"

namespace baton {

std::vector<double> LayerWeights(absl::Span<const LayerCosts> layers) {
  std::vector<double> by_time, by_flops;
  for (const LayerCosts& layer : layers) {
    by_time.push_back(
        static_cast<double>(layer.forward_ns + layer.backward_input_ns + layer.backward_weight_ns - layer.repeated_ns));
    by_flops.push_back(layer.forward_flops + layer.backward_flops);
  }
  auto positive = [](const std::vector<double>& weights) {
    return std::accumulate(weights.begin(), weights.end(), 0.0) > 0;
  };
  if (positive(by_time)) return by_time;
  if (positive(by_flops)) return by_flops;
  return std::vector<double>(layers.size(), 1.0);
}

namespace {

// The quality of a split of a prefix: first its heaviest run, then its unevenness.
struct Score {
  double heaviest = std::numeric_limits<double>::infinity();
  double sum_of_squares = std::numeric_limits<double>::infinity();
  friend bool operator<(const Score& a, const Score& b) {
    return a.heaviest != b.heaviest ? a.heaviest < b.heaviest : a.sum_of_squares < b.sum_of_squares;
  }
};

}  // namespace

absl::StatusOr<std::vector<LayerRange>> SplitBalanced(absl::Span<const LayerCosts> layers, int num_chunks) {
  const int num_layers = static_cast<int>(layers.size());
  if (num_chunks < 1 || num_layers < num_chunks) {
    return absl::InvalidArgumentError(absl::StrCat("pipeline.stages × pipeline.chunks_per_device: ", num_chunks,
                                                   " chunks need a layer each, but the model has only ", num_layers,
                                                   " layers"));
  }
  const std::vector<double> weights = LayerWeights(layers);
  std::vector<double> prefix(num_layers + 1, 0.0);
  std::partial_sum(weights.begin(), weights.end(), prefix.begin() + 1);

  // best[c][n]: the best split of the first n layers into c runs; cut[c][n]: the first layer of its last run.
  std::vector<std::vector<Score>> best(num_chunks + 1, std::vector<Score>(num_layers + 1));
  std::vector<std::vector<int>> cut(num_chunks + 1, std::vector<int>(num_layers + 1, 0));
  best[0][0] = {0.0, 0.0};
  for (int chunk = 1; chunk <= num_chunks; ++chunk) {
    for (int end = chunk; end <= num_layers; ++end) {
      for (int begin = chunk - 1; begin < end; ++begin) {
        const double weight = prefix[end] - prefix[begin];
        const Score& before = best[chunk - 1][begin];
        const Score score = {std::max(before.heaviest, weight), before.sum_of_squares + weight * weight};
        if (score < best[chunk][end]) {
          best[chunk][end] = score;
          cut[chunk][end] = begin;
        }
      }
    }
  }
  std::vector<LayerRange> split(num_chunks);
  for (int chunk = num_chunks, end = num_layers; chunk > 0; --chunk) {
    split[chunk - 1] = {cut[chunk][end], end};
    end = cut[chunk][end];
  }
  return split;
}

absl::StatusOr<std::vector<LayerRange>> SplitByCounts(absl::Span<const int> counts, int num_layers, int num_chunks) {
  if (static_cast<int>(counts.size()) != num_chunks) {
    return absl::InvalidArgumentError(absl::StrCat("pipeline.split.layers: has ", counts.size(),
                                                   " counts; pipeline.stages × pipeline.chunks_per_device asks for ",
                                                   num_chunks));
  }
  const int64_t sum = std::accumulate(counts.begin(), counts.end(), int64_t{0});
  const bool positive = std::all_of(counts.begin(), counts.end(), [](int count) { return count >= 1; });
  if (sum != num_layers || !positive) {
    return absl::InvalidArgumentError(absl::StrCat("pipeline.split.layers: ", absl::StrJoin(counts, " + "), " = ", sum,
                                                   ", but the model has ", num_layers,
                                                   " layers; each chunk needs at least one"));
  }
  std::vector<LayerRange> split;
  int begin = 0;
  for (int count : counts) {
    split.push_back({begin, begin + count});
    begin += count;
  }
  return split;
}

std::vector<ChunkCosts> SumChunks(absl::Span<const LayerCosts> layers, absl::Span<const LayerRange> split,
                                  Bytes input_bytes, Bytes targets_bytes) {
  std::vector<ChunkCosts> chunks;
  for (const LayerRange& range : split) {
    ChunkCosts chunk;
    Bytes input_scratch = 0, gradient_scratch = 0;
    Bytes largest_scratch = 0, largest_stash = 0, largest_gradient = 0;
    for (int index = range.begin; index < range.end; ++index) {
      const LayerCosts& layer = layers[index];
      chunk.forward_ns += layer.forward_ns;
      chunk.backward_input_ns += layer.backward_input_ns;
      chunk.backward_weight_ns += layer.backward_weight_ns;
      chunk.recompute_ns += layer.recompute_ns;
      chunk.update_ns += layer.update_ns;
      chunk.repeated_ns += layer.repeated_ns;
      chunk.fold_ns += layer.fold_ns;
      chunk.parameter_bytes += layer.parameter_bytes;
      chunk.optimizer_bytes += layer.optimizer_bytes;
      chunk.gradient_ratio = layer.gradient_ratio;  // that of all layers
      chunk.saved_bytes += layer.saved_bytes;
      chunk.saved_weight_bytes += layer.saved_weight_bytes;
      chunk.stash_bytes += layer.stash_bytes;
      chunk.recomputed_bytes += layer.recomputed_bytes;
      chunk.recomputed_weight_bytes += layer.recomputed_weight_bytes;
      largest_scratch = std::max(largest_scratch, layer.scratch_bytes);
      largest_stash = std::max(largest_stash, layer.stash_bytes);
      if (index > range.begin) {
        const bool again = layers[index - 1].recomputes_output;
        (again ? chunk.recomputed_bytes : chunk.saved_bytes) += layer.keep_input_saved_bytes;
        (again ? chunk.recomputed_weight_bytes : chunk.saved_weight_bytes) += layer.keep_input_saved_weight_bytes;
        input_scratch += layer.keep_input_scratch_bytes;
      }
      if (index + 1 < range.end) {
        chunk.stash_bytes += layer.keep_gradient_stash_bytes;
        gradient_scratch += layer.keep_gradient_scratch_bytes;
        largest_gradient =
            std::max({largest_gradient, layer.keep_gradient_stash_bytes, layer.keep_gradient_scratch_bytes});
      }
    }
    chunk.input_bytes = range.begin == 0 ? AlignUp(input_bytes) : layers[range.begin - 1].output_bytes;
    chunk.output_bytes = layers[range.end - 1].output_bytes;
    const bool is_last = range.end == static_cast<int>(layers.size());
    chunk.targets_bytes = is_last ? AlignUp(targets_bytes) : 0;
    chunk.can_recompute = chunk.recomputed_bytes + chunk.recomputed_weight_bytes > 0;
    chunk.forward_workspace_bytes = input_scratch + largest_scratch;
    // A whole Backward goes layer by layer: it has two gradients and one layer's stash at a time.
    const Bytes turns = std::min(range.end - range.begin - 1, 2) * largest_gradient;
    chunk.workspace_bytes = chunk.forward_workspace_bytes + std::max(gradient_scratch, turns + largest_stash);
    chunks.push_back(chunk);
  }
  return chunks;
}

}  // namespace baton
