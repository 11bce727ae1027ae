// "What if" in words: a change of costs as a person says it, and the cost model after it. Used by `baton whatif`.
#ifndef BATON_SCHEDULES_ANALYZE_COST_CHANGE_H_
#define BATON_SCHEDULES_ANALYZE_COST_CHANGE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "schedules/costs/costs.h"
#include "schedules/program/program.h"

namespace baton {

// Which costs, and by what they are multiplied.
struct CostChange {
  enum class Of : int8_t { kChunks, kDevice, kLinks, kLoad, kAllReduce };
  enum class Part : int8_t { kAll, kForward, kBackward, kBackwardInput, kBackwardWeight, kRecompute, kUpdate };
  Of of = Of::kChunks;
  int index = -1;  // of the chunk, the device, or the link (from that chunk to the next one); -1: all of them
  Part part = Part::kAll;
  double factor = 1;
};

// Reads changes, separated by commas or "and":
//
//   chunk 3 20% faster            device 2 1.5x slower           link 2x faster
//   chunk 3 backward 2x faster    forward 10% slower             link 2-3 2x slower, optimizer 2x faster
//
// 2x faster: half the time; 20% faster: 20 % less time; 2x slower: twice the time; 20% slower: 20 % more time.
// Errors: InvalidArgument with the text and what is understood.
absl::StatusOr<std::vector<CostChange>> ParseCostChanges(const std::string& text);

// True if the text says something of faster or slower: what ParseCostChanges is for.
bool LooksLikeCostChange(const std::string& text);

// Multiplies. `program` says which chunks are on a device. Errors: InvalidArgument if there is no such chunk, device or
// link, or if the costs of one device cannot be told, as its chunks have copies elsewhere; the change is named by
// `text`.
absl::Status ApplyCostChange(const CostChange& change, const Program& program, const std::string& text,
                             CostModel& costs);

}  // namespace baton

#endif  // BATON_SCHEDULES_ANALYZE_COST_CHANGE_H_
