// Checks that the options of a lowering fit its order. Used by lower.cc, before the passes.
#ifndef BATON_SCHEDULES_LOWER_CHECK_OPTIONS_H_
#define BATON_SCHEDULES_LOWER_CHECK_OPTIONS_H_

#include <vector>

#include "absl/status/status.h"
#include "schedules/costs/costs.h"
#include "schedules/order/compute_order.h"
#include "schedules/program/program.h"

namespace baton {

// OK if `costs` passes CheckCosts for the order's chunks and micro-batches and each chunk's output is as large as the
// next one's input, and if each of `groups` has at least one member, members are chunks in ascending order, and bytes
// are at least 0.
// Errors: InvalidArgument, naming the field, its value and what is allowed.
absl::Status CheckOptions(const ComputeOrder& order, const CostModel& costs, const std::vector<ReduceGroup>& groups);

}  // namespace baton

#endif  // BATON_SCHEDULES_LOWER_CHECK_OPTIONS_H_
