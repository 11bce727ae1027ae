// Finds every violation of a compute order. Used by `baton verify`; lowering itself stops at the first one.
#ifndef BATON_SCHEDULES_VERIFY_CHECK_ORDER_H_
#define BATON_SCHEDULES_VERIFY_CHECK_ORDER_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "schedules/order/compute_order.h"
#include "schedules/order/order_index.h"

namespace baton {

// An action, and the action that it waits for: one of another device, or a later one of its own device.
struct OrderWait {
  int32_t device;
  int32_t position;
  int32_t source_device;
  int32_t source_position;
};

struct OrderReport {
  std::vector<OrderViolation> violations;  // by device and position
  int64_t num_more = 0;                    // beyond those listed
  // Wait cycles: the source of each wait is the action of the next wait, or comes after it on that device. Each cycle
  // has a violation too.
  std::vector<std::vector<OrderWait>> cycles;
  std::optional<OrderViolation> descent;  // see IndexedOrder

  bool is_sound() const { return violations.empty(); }
};

// Returns the violations of IndexUncheckedOrder and the wait cycles among the actions that exist. Among cycles that
// share devices only the first is listed, each as short as a search of bounded time finds it. `name` returns the name
// of a position for messages.
OrderReport CheckOrder(const ComputeOrder& order, const PositionName& name = PlainPosition);

}  // namespace baton

#endif  // BATON_SCHEDULES_VERIFY_CHECK_ORDER_H_
