// Simulates the move of one layer to a neighbouring chunk. Used by the commands simulate and explain, which report the
// effect for the chunk with the largest share of the critical path.
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

// The times of a chunk's first and last layer, which a neighbour can take over. Only times are used, in nanoseconds.
struct EndLayers {
  ChunkCosts first;
  ChunkCosts last;
  std::string name = "one layer";  // for messages, such as "one layer" or "a tenth of its work"
};

// A tenth of the chunk's times at either end, for chunks whose layers are unknown.
EndLayers TenthOf(const ChunkCosts& chunk);

// A layer moved from one chunk to the next or the previous one.
struct LayerMove {
  int from = 0;         // chunk
  int to = 0;           // chunk, from - 1 or from + 1
  Nanos step_time = 0;  // predicted after the move, in nanoseconds
};

// The move of a layer of `chunk` to the neighbour that gives the shorter step. None if there is only one chunk.
// Errors: those of Simulate.
absl::StatusOr<std::optional<LayerMove>> BestMove(const Program& program, const CostModel& costs, int chunk,
                                                  const EndLayers& layers, const SimulateOptions& options = {});

// The chunk with the largest share of the critical path; ties: the first.
int MostCriticalChunk(const Blame& blame);

// A sentence such as "chunk 3 is on the critical path 41.0 % of the step: moving one layer off it, to chunk 2, saves
// 6.2 %".
std::string DescribeMove(const Blame& blame, int chunk, const EndLayers& layers, const std::optional<LayerMove>& move);

}  // namespace baton

#endif  // BATON_SCHEDULES_ANALYZE_MOVE_LAYER_H_
