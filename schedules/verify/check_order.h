// Everything that is wrong with a compute order, for a person to read. Used by `baton verify`; lowering itself stops at
// the first mistake.
#ifndef BATON_SCHEDULES_VERIFY_CHECK_ORDER_H_
#define BATON_SCHEDULES_VERIFY_CHECK_ORDER_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "schedules/lower/order_index.h"
#include "schedules/order/compute_order.h"

namespace baton {

// An action that waits for one of another device, or for a later one of its own.
struct OrderWait {
  int32_t device;
  int32_t position;
  int32_t source_device;
  int32_t source_position;
};

struct OrderReport {
  std::vector<OrderViolation> violations;  // by device and position
  int64_t num_more = 0;                    // beyond those listed
  // Circles of actions: each waits for what comes after, or is, the next one. Each is described by a violation, too.
  std::vector<std::vector<OrderWait>> circles;
  std::optional<OrderViolation> descent;  // see IndexedOrder

  bool is_sound() const { return violations.empty(); }
};

// What IndexWhatIsThere finds, and wait cycles among whatever is there: of those that share devices only the first, in
// each the fewest waits that the search, bounded in time, found. `name` is how messages call positions.
OrderReport CheckOrder(const ComputeOrder& order, const PositionName& name = PlainPosition);

}  // namespace baton

#endif  // BATON_SCHEDULES_VERIFY_CHECK_ORDER_H_
