// Descents in the space of splits.
#include "schedules/plan/device_split.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <random>
#include <utility>

#include "base/status.h"
#include "schedules/plan/layer_weights.h"

namespace baton {
namespace {

// Descents besides the one from the balanced split. More chunks need more time for each, and gain less.
int NumDescents(int num_chunks) { return num_chunks <= 16 ? 32 : num_chunks <= 64 ? 8 : 0; }

// The heaviest device, the unevenness of devices, the heaviest chunk, the unevenness of chunks: less is better, the
// earlier the more.
using Score = std::array<double, 4>;

// Sums of doubles differ in their last bits, which must not count.
bool IsBetter(const Score& a, const Score& b) {
  constexpr double kRounding = 1e-12;
  for (size_t i = 0; i < a.size(); ++i) {
    const double margin = kRounding * std::max(a[i], b[i]);
    if (a[i] < b[i] - margin) return true;
    if (a[i] > b[i] + margin) return false;
  }
  return false;
}

// Chunk c has layers [cuts[c], cuts[c + 1]).
using Cuts = std::vector<int>;

class Descent {
 public:
  Descent(const std::vector<double>& weights, const ChunkPlacement& placement)
      : num_chunks_(placement.num_chunks()), devices_of_chunk_(num_chunks_), prefix_(weights.size() + 1, 0.0) {
    std::partial_sum(weights.begin(), weights.end(), prefix_.begin() + 1);
    int num_devices = 0;
    for (const ChunkReplica& replica : placement.replicas()) {
      num_devices = std::max(num_devices, replica.device + 1);
      std::vector<int>& devices = devices_of_chunk_[replica.chunk];
      if (std::find(devices.begin(), devices.end(), replica.device) == devices.end()) devices.push_back(replica.device);
    }
    loads_.resize(num_devices);
  }

  bool has_one_chunk_a_device() const {
    std::vector<int> chunks(loads_.size(), 0);
    for (const std::vector<int>& devices : devices_of_chunk_) {
      for (int device : devices) ++chunks[device];
    }
    return std::all_of(chunks.begin(), chunks.end(), [](int count) { return count <= 1; });
  }

  Score ScoreOf(const Cuts& cuts) {
    std::fill(loads_.begin(), loads_.end(), 0.0);
    Score score = {};
    for (int chunk = 0; chunk < num_chunks_; ++chunk) {
      const double weight = prefix_[cuts[chunk + 1]] - prefix_[cuts[chunk]];
      score[2] = std::max(score[2], weight);
      score[3] += weight * weight;
      for (int device : devices_of_chunk_[chunk]) loads_[device] += weight;
    }
    for (double load : loads_) {
      score[0] = std::max(score[0], load);
      score[1] += load * load;
    }
    return score;
  }

  // Makes the best move until none is better. Returns the score.
  Score Improve(Cuts& cuts) {
    Score score = ScoreOf(cuts);
    for (Cuts best = cuts;; cuts = best) {
      const Score before = score;
      for (int from : Sources(cuts)) {
        for (int to = 0; to < num_chunks_; ++to) {
          if (!Move(cuts, from, to)) continue;
          const Score moved = ScoreOf(cuts);
          if (IsBetter(moved, score)) {
            score = moved;
            best = cuts;
          }
          Move(cuts, to, from);
        }
      }
      if (!IsBetter(score, before)) return score;
    }
  }

  // Moves a layer's worth from one chunk to another; the chunks between them keep their sizes. False if `from` would be
  // empty.
  bool Move(Cuts& cuts, int from, int to) const {
    if (from == to || cuts[from + 1] - cuts[from] < 2) return false;
    for (int cut = from + 1; cut <= to; ++cut) --cuts[cut];
    for (int cut = to + 1; cut <= from; ++cut) ++cuts[cut];
    return true;
  }

 private:
  // The chunks that may give a layer away: all, or, where that are too many, those of the heaviest device.
  std::vector<int> Sources(const Cuts& cuts) {
    std::vector<int> sources;
    (void)ScoreOf(cuts);
    const int heaviest = static_cast<int>(std::max_element(loads_.begin(), loads_.end()) - loads_.begin());
    for (int chunk = 0; chunk < num_chunks_; ++chunk) {
      const std::vector<int>& devices = devices_of_chunk_[chunk];
      const bool has = std::find(devices.begin(), devices.end(), heaviest) != devices.end();
      if (has || num_chunks_ <= 64) sources.push_back(chunk);
    }
    return sources;
  }

  const int num_chunks_;
  std::vector<std::vector<int>> devices_of_chunk_;  // each device once
  std::vector<double> prefix_;                      // [n] the weight of the first n layers
  std::vector<double> loads_;                       // [device] of the split that was scored last
};

}  // namespace

absl::StatusOr<std::vector<LayerRange>> SplitForDevices(absl::Span<const LayerCosts> layers,
                                                        const ChunkPlacement& placement) {
  const int num_chunks = placement.num_chunks();
  BATON_ASSIGN_OR_RETURN(std::vector<LayerRange> split, SplitBalanced(layers, num_chunks));
  Descent descent(LayerWeights(layers), placement);
  if (descent.has_one_chunk_a_device()) return split;
  Cuts balanced;
  for (const LayerRange& range : split) balanced.push_back(range.begin);
  balanced.push_back(split.back().end);

  Cuts best = balanced;
  Score score = descent.Improve(best);
  std::mt19937 random(1);
  for (int i = 0; i < NumDescents(num_chunks); ++i) {
    Cuts cuts = balanced;
    for (int move = 0; move < 2 * num_chunks; ++move) {
      const int from = static_cast<int>(random() % num_chunks), to = static_cast<int>(random() % num_chunks);
      descent.Move(cuts, from, to);
    }
    const Score found = descent.Improve(cuts);
    if (!IsBetter(found, score)) continue;
    score = found;
    best = std::move(cuts);
  }
  for (int chunk = 0; chunk < num_chunks; ++chunk) split[chunk] = {best[chunk], best[chunk + 1]};
  return split;
}

}  // namespace baton
