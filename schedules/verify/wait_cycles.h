// Finds circles of actions that wait for each other. Used by CheckOrder.
#ifndef BATON_SCHEDULES_VERIFY_WAIT_CYCLES_H_
#define BATON_SCHEDULES_VERIFY_WAIT_CYCLES_H_

#include <cstdint>
#include <vector>

#include "schedules/lower/order_index.h"
#include "schedules/order/compute_order.h"
#include "schedules/verify/check_order.h"

namespace baton {

// `index` is what IndexWhatIsThere made of the order, which may lack work: nobody waits for what is missing. First what
// is behind its reader on the same device, each a circle of one; then circles over devices, those with the fewest waits
// first, no two of which share a device.
struct WaitCycles {
  std::vector<std::vector<OrderWait>> circles;
  int64_t num_more = 0;  // of one, beyond kMostOrderViolations
};
WaitCycles FindWaitCycles(const ComputeOrder& order, const OrderIndex& index);

}  // namespace baton

#endif  // BATON_SCHEDULES_VERIFY_WAIT_CYCLES_H_
