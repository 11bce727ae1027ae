// Pass of lowering: estimates the start and end of each action from compute times and link latency alone, and finds
// cycles of waits. Used by lower.cc.
#ifndef BATON_SCHEDULES_LOWER_TIME_ORDER_H_
#define BATON_SCHEDULES_LOWER_TIME_ORDER_H_

#include <vector>

#include "absl/status/statusor.h"
#include "base/units.h"
#include "schedules/costs/costs.h"
#include "schedules/order/compute_order.h"
#include "schedules/order/order_index.h"

namespace baton {

// Nanoseconds since the step began, [device][position]. An action includes its Loads. Every duration is at least 1, so
// the order of times is an order in which the program can run; PlaceTransfers relies on that.
struct OrderTimes {
  std::vector<std::vector<Nanos>> start;
  std::vector<std::vector<Nanos>> end;
  bool has_transfers = true;  // false: transfers count as taking no time
};

// Expects costs that CheckCosts accepts. Linear in the number of actions.
// Errors: InvalidArgument if actions wait for each other in a cycle; the message lists its waits.
absl::StatusOr<OrderTimes> TimeOrder(const ComputeOrder& order, const OrderIndex& index, const CostModel& costs);

}  // namespace baton

#endif  // BATON_SCHEDULES_LOWER_TIME_ORDER_H_
