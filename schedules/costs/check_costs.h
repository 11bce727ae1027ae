// The check of a cost model, after which its times and sizes can be added up without overflow. Used by lower, simulate
// and search before they use one.
#ifndef BATON_SCHEDULES_COSTS_CHECK_COSTS_H_
#define BATON_SCHEDULES_COSTS_CHECK_COSTS_H_

#include "absl/status/status.h"
#include "schedules/costs/costs.h"

namespace baton {

// OK if `costs` can price an order of num_chunks chunks and num_micro_batches micro-batches.
// Errors: InvalidArgument, with the field, if the number of chunks or of link_ns is wrong, a time or size is negative,
// a bandwidth is out of range, or the sum of all times or sizes of a step could exceed 2⁶¹.
absl::Status CheckCosts(const CostModel& costs, int num_chunks, int num_micro_batches);

}  // namespace baton

#endif  // BATON_SCHEDULES_COSTS_CHECK_COSTS_H_
