// Runs one simulation for each neighbour; see move_layer.h.
#include "schedules/analyze/move_layer.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/format.h"
#include "base/status.h"

namespace baton {
namespace {

// Moves the layer's times from one chunk to the other.
void Move(const ChunkCosts& layer, ChunkCosts& from, ChunkCosts& to) {
  for (auto time :
       {&ChunkCosts::forward_ns, &ChunkCosts::backward_input_ns, &ChunkCosts::backward_weight_ns,
        &ChunkCosts::repeated_ns, &ChunkCosts::recompute_ns, &ChunkCosts::update_ns, &ChunkCosts::fold_ns}) {
    const Nanos moved = std::min(from.*time, layer.*time);
    from.*time -= moved;
    to.*time += moved;
  }
}

}  // namespace

EndLayers TenthOf(const ChunkCosts& chunk) {
  EndLayers layers;
  layers.name = "a tenth of its work";
  layers.first.forward_ns = chunk.forward_ns / 10;
  layers.first.backward_input_ns = chunk.backward_input_ns / 10;
  layers.first.backward_weight_ns = chunk.backward_weight_ns / 10;
  layers.first.repeated_ns = chunk.repeated_ns / 10;
  layers.first.recompute_ns = chunk.recompute_ns / 10;
  layers.first.update_ns = chunk.update_ns / 10;
  layers.last = layers.first;
  return layers;
}

absl::StatusOr<std::optional<LayerMove>> BestMove(const Program& program, const CostModel& costs, int chunk,
                                                  const EndLayers& layers, const SimulateOptions& options) {
  std::optional<LayerMove> best;
  for (int to : {chunk - 1, chunk + 1}) {
    if (to < 0 || to >= static_cast<int>(costs.chunks.size())) continue;
    CostModel moved = costs;
    Move(to < chunk ? layers.first : layers.last, moved.chunks[chunk], moved.chunks[to]);
    BATON_ASSIGN_OR_RETURN(const Trace trace, Simulate(program, moved, options));
    const Nanos step_time = StepTimeOf(trace);
    if (!best || step_time < best->step_time) best = LayerMove{chunk, to, step_time};
  }
  return best;
}

int MostCriticalChunk(const Blame& blame) {
  const auto most =
      std::max_element(blame.chunks.begin(), blame.chunks.end(),
                       [](const ChunkBlame& a, const ChunkBlame& b) { return a.Total().time < b.Total().time; });
  return static_cast<int>(most - blame.chunks.begin());
}

std::string DescribeMove(const Blame& blame, int chunk, const EndLayers& layers, const std::optional<LayerMove>& move) {
  const double step_time = static_cast<double>(std::max<Nanos>(1, blame.step_time));
  std::string text =
      absl::StrCat("chunk ", chunk, " is on the critical path ",
                   FormatPercent(static_cast<double>(blame.chunks[chunk].Total().time) / step_time), " of the step");
  if (!move) return text;
  const double saved = 1 - static_cast<double>(move->step_time) / step_time;
  absl::StrAppend(&text, ": moving ", layers.name, " off it, to chunk ", move->to);
  if (saved >= 0.0005) return absl::StrCat(text, ", saves ", FormatPercent(saved));
  if (saved > -0.0005) return absl::StrCat(text, ", saves nothing");
  return absl::StrCat(text, ", would cost ", FormatPercent(-saved));
}

}  // namespace baton
