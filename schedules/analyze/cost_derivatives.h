// The derivative of the step's time by every cost of the cost model: how often the cost occurs on the critical path.
// Used by whatif.
#ifndef BATON_SCHEDULES_ANALYZE_COST_DERIVATIVES_H_
#define BATON_SCHEDULES_ANALYZE_COST_DERIVATIVES_H_

#include <string>
#include <vector>

#include "schedules/analyze/blame.h"
#include "schedules/costs/costs.h"
#include "schedules/program/program.h"
#include "schedules/simulate/simulate.h"

namespace baton {

// One cost of a cost model.
struct CostDerivative {
  // As "chunk 3 backward-input", "link 2-3" (the latency between those chunks), "link 2-3 bytes" (the time for which a
  // message occupies the link).
  std::string name;
  Nanos cost = 0;            // its present value, in nanoseconds
  double step_per_cost = 0;  // by how many ns the step gets longer for each ns of the cost, above 0
};

// The derivatives that are not zero, in the order of the model: chunks, links, load, reduce. `blame` is that of the
// critical path of a simulation with `costs`.
//
// The step's time is the length of the longest path, so it is convex and piecewise linear in each cost. If two paths
// are equally long, the derivative from above is at least `step_per_cost`, and the one from below at most. The order of
// instructions, and of transfers on a link, counts as fixed; an AllReduce counts as one cost, even if its time depends
// on links.
std::vector<CostDerivative> CostDerivatives(const CostModel& costs, const Blame& blame);

// For devices that share cores, where the step is not the sum of a path's costs: each cost is raised by a hundredth, at
// least a microsecond, and the step simulated again. Those that lengthen the step, in the same order; a latency of all
// links is one cost, "links". Errors: those of Simulate.
absl::StatusOr<std::vector<CostDerivative>> SimulatedDerivatives(const Program& program, const CostModel& costs,
                                                                 const SimulateOptions& options = {});

}  // namespace baton

#endif  // BATON_SCHEDULES_ANALYZE_COST_DERIVATIVES_H_
