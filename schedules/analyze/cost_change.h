// Reads a change of costs in words, like "chunk 3 20% faster", and applies it to a cost model. Used by `baton whatif`.
#ifndef BATON_SCHEDULES_ANALYZE_COST_CHANGE_H_
#define BATON_SCHEDULES_ANALYZE_COST_CHANGE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "schedules/costs/costs.h"
#include "schedules/program/program.h"

namespace baton {

// The costs to change, and the factor.
struct CostChange {
  enum class Of : int8_t { kChunks, kDevice, kLinks, kLoad, kAllReduce };
  enum class Part : int8_t { kAll, kForward, kBackward, kBackwardInput, kBackwardWeight, kRecompute, kUpdate };
  Of of = Of::kChunks;
  // The chunk, the device, or the link between that chunk and the next one; -1: all of them.
  int index = -1;
  Part part = Part::kAll;
  double factor = 1;  // of times, from 0 to 1e6; bandwidths are divided by it
};

// Reads changes, separated by commas or "and":
//
//   chunk 3 20% faster            device 2 1.5x slower           link 2x faster
//   chunk 3 backward 2x faster    forward 10% slower             link 2-3 2x slower, optimizer 2x faster
//
// "2x faster" is half the time, "20% faster" 20 % less time, "2x slower" twice the time, "20% slower" 20 % more time.
// Errors: InvalidArgument with the text and examples of what is understood.
absl::StatusOr<std::vector<CostChange>> ParseCostChanges(const std::string& text);

// True if the text contains "faster" or "slower", so that ParseCostChanges should read it.
bool LooksLikeCostChange(const std::string& text);

// Multiplies the costs. `program` says which chunks are on a device; `text` names the change in errors. Errors:
// InvalidArgument if there is no such chunk, device or link, or if a device is named whose chunks have replicas on
// other devices: a cost model has one cost for all replicas.
absl::Status ApplyCostChange(const CostChange& change, const Program& program, const std::string& text,
                             CostModel& costs);

}  // namespace baton

#endif  // BATON_SCHEDULES_ANALYZE_COST_CHANGE_H_
