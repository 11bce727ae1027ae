// What moving one layer to a neighbouring chunk would do to the step: simulated, not guessed. Used by simulate and
// explain, which say it of the chunk with the largest share of the critical path.
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

// The times of the layers at a chunk's ends, which are those that a neighbour could take.
struct EndLayers {
  ChunkCosts first;
  ChunkCosts last;
  std::string name = "one layer";  // for messages, as "one layer" or "a tenth of its work"
};

// Where the layers are not known: a tenth of the chunk's work.
EndLayers TenthOf(const ChunkCosts& chunk);

// The chunk with the largest share of the path, and what becomes of the step if a layer of it moves.
struct LayerMove {
  int from = 0;
  int to = 0;
  Nanos step_time = 0;  // after the move
};

// Of the chunk's two neighbours, the one that makes the shorter step. None, if the chunk is the only one.
// Errors: those of Simulate.
absl::StatusOr<std::optional<LayerMove>> BestMove(const Program& program, const CostModel& costs, int chunk,
                                                  const EndLayers& layers, const SimulateOptions& options = {});

// The chunk with the largest share of the path; of equals, the first.
int MostCriticalChunk(const Blame& blame);

// As "chunk 3 is on the critical path 41.0 % of the step: moving one layer off it, to chunk 2, saves 6.2 %".
std::string DescribeMove(const Blame& blame, int chunk, const EndLayers& layers, const std::optional<LayerMove>& move);

}  // namespace baton

#endif  // BATON_SCHEDULES_ANALYZE_MOVE_LAYER_H_
