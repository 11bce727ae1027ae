// Finds cycles of actions that wait for each other. Used by CheckOrder.
#ifndef BATON_SCHEDULES_VERIFY_WAIT_CYCLES_H_
#define BATON_SCHEDULES_VERIFY_WAIT_CYCLES_H_

#include <cstdint>
#include <vector>

#include "schedules/order/compute_order.h"
#include "schedules/order/order_index.h"
#include "schedules/verify/check_order.h"

namespace baton {

// The wait cycles of an order.
struct WaitCycles {
  // First the cycles of one wait: an action before the action of its own device that it depends on. Then cycles over
  // several devices, those with the fewest waits first; no two share a device.
  std::vector<std::vector<OrderWait>> cycles;
  int64_t num_more = 0;  // cycles of one beyond kMostOrderViolations
};

// `index` is that of IndexUncheckedOrder. The order may lack work; no action waits for missing work.
WaitCycles FindWaitCycles(const ComputeOrder& order, const OrderIndex& index);

}  // namespace baton

#endif  // BATON_SCHEDULES_VERIFY_WAIT_CYCLES_H_
