// The check that makes a cost model safe to add up. Used by lower and simulate before they use one.
#ifndef BATON_SCHEDULES_COSTS_CHECK_COSTS_H_
#define BATON_SCHEDULES_COSTS_CHECK_COSTS_H_

#include "absl/status/status.h"
#include "schedules/costs/costs.h"

namespace baton {

// Errors: InvalidArgument if the model has not exactly num_chunks chunks, if a time or size is negative, or if all
// times or all sizes of num_micro_batches micro-batches together might not fit into an int64.
absl::Status CheckCosts(const CostModel& costs, int num_chunks, int num_micro_batches);

}  // namespace baton

#endif  // BATON_SCHEDULES_COSTS_CHECK_COSTS_H_
