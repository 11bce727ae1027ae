// The derivative of the step's time by every cost: how often the cost occurs on the critical path. Used by whatif.
#ifndef BATON_SCHEDULES_ANALYZE_GRADIENT_H_
#define BATON_SCHEDULES_ANALYZE_GRADIENT_H_

#include <string>
#include <vector>

#include "schedules/analyze/blame.h"
#include "schedules/costs/costs.h"

namespace baton {

// One cost of a cost model.
struct CostDerivative {
  std::string name;  // as "chunk 3 backward-input", "link 2-3" (the latency between those chunks), "link 2-3 bytes"
                     // (the time that a message holds it)
  Nanos cost = 0;    // what it is now
  int64_t step_per_cost = 0;  // how many ns the step gains for each ns that the cost loses
};

// Those that are not zero, in the order of the model: chunks, links, load, reduce. `blame` is of the critical path of a
// simulation with `costs`. The step's time is the longest of all paths, so it is convex and piecewise linear in each
// cost, and this is its derivative; where two paths are equally long the derivative from above is at least this, from
// below at most. The order of instructions, and of transfers on
// a link, is taken as fixed, and a sum over devices as one cost, although links may be part of it.
std::vector<CostDerivative> Gradient(const CostModel& costs, const Blame& blame);

}  // namespace baton

#endif  // BATON_SCHEDULES_ANALYZE_GRADIENT_H_
