// The effect of moving one layer to a neighbouring chunk, found by simulation. Used by simulate and explain, which
// report it for the chunk with the largest share of the critical path.
#ifndef BATON_SCHEDULES_ANALYZE_MOVE_LAYER_H_
#define BATON_SCHEDULES_ANALYZE_MOVE_LAYER_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "schedules/analyze/blame.h"
#include "schedules/costs/costs.h"
#include "schedules/program/program.h"
#include "schedules/simulate/simulate.h"

namespace baton {

// The times of the layers at a chunk's ends: a neighbour can take one of them.
struct EndLayers {
  ChunkCosts first;
  ChunkCosts last;
  std::string name = "one layer";  // for messages, as "one layer" or "a tenth of its work"
};

// For chunks whose layers are not known: a tenth of the chunk's work at both ends.
EndLayers TenthOf(const ChunkCosts& chunk);

// A layer moved from one chunk to the next or the previous one.
struct LayerMove {
  int from = 0;
  int to = 0;
  Nanos step_time = 0;  // after the move, in nanoseconds
};

// The move of a layer of `chunk` to the neighbour that makes the step shorter. None if there is only one chunk.
// Errors: those of Simulate.
absl::StatusOr<std::optional<LayerMove>> BestMove(const Program& program, const CostModel& costs, int chunk,
                                                  const EndLayers& layers, const SimulateOptions& options = {});

// The chunk with the largest share of the path; the first among equals.
int MostCriticalChunk(const Blame& blame);

// As "chunk 3 is on the critical path 41.0 % of the step: moving one layer off it, to chunk 2, saves 6.2 %".
std::string DescribeMove(const Blame& blame, int chunk, const EndLayers& layers, const std::optional<LayerMove>& move);

}  // namespace baton

#endif  // BATON_SCHEDULES_ANALYZE_MOVE_LAYER_H_
