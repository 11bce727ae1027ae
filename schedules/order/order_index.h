// Checks a compute order and finds the position of each action. Used by lower, verify and compile.
//
//     BATON_ASSIGN_OR_RETURN(const OrderIndex index, IndexOrder(order));   // InvalidArgument if the order is unsound
//     index.forward[index.Key(2, 5)];          // position of 2F5 on its device, order.DeviceOf(2, 5)
#ifndef BATON_SCHEDULES_ORDER_ORDER_INDEX_H_
#define BATON_SCHEDULES_ORDER_ORDER_INDEX_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "schedules/order/compute_order.h"

namespace baton {

// The position of each action on its device, by Key(chunk, micro_batch).
struct OrderIndex {
  int num_micro_batches = 0;  // at least 1
  bool forward_only = true;
  std::vector<int32_t> forward;
  std::vector<int32_t> backward;   // Backward or BackwardInput; empty if forward_only
  std::vector<int32_t> weight;     // BackwardWeight, -1 where Backward does both; empty if forward_only
  std::vector<int32_t> recompute;  // -1 if the micro-batch is not recomputed; empty if forward_only

  size_t Key(int chunk, int micro_batch) const { return static_cast<size_t>(chunk) * num_micro_batches + micro_batch; }
};

// One fault of an order. The message begins with the action's letters if it is about an action.
struct OrderViolation {
  int device = -1;    // -1: about the whole order
  int position = -1;  // -1: about missing work
  std::string message;
};

// Returns the name of a device's position for messages, such as "position 3" or "cell 5".
using PositionName = std::function<std::string(int device, int position)>;
std::string PlainPosition(int device, int position);

// Formats a violation, such as `device 1 position 3: 2F0 is repeated; first at position 0`.
std::string FormatOrderViolation(const OrderViolation& violation, const PositionName& name);

// The most violations that are recorded. A malformed order may have as many as it has actions.
inline constexpr size_t kMostOrderViolations = 100000;

// The index of an order that may be unsound, with every violation on single devices: actions that are out of range, on
// a wrong device, repeated, missing, or before an action of their own chunk that they depend on. The index is -1 for
// missing work and -2 for work on a wrong device. It is empty if the number of chunks, micro-batches or devices is
// invalid.
struct IndexedOrder {
  OrderIndex index;
  std::vector<OrderViolation> violations;
  int64_t num_more = 0;  // violations beyond kMostOrderViolations
  // The first action that adds a chunk's gradients out of ascending micro-batch order. Such an order is sound, but its
  // weights are not bit-identical to those of other schedules.
  std::optional<OrderViolation> descent;
};
IndexedOrder IndexUncheckedOrder(const ComputeOrder& order, const PositionName& name);

// Errors: InvalidArgument with the first violation, or the descent if `gradients_ascend`.
absl::StatusOr<OrderIndex> IndexOrder(const ComputeOrder& order, bool gradients_ascend = true);

// InvalidArgument about one action of an order: `device 1 position 3: 2F0 <what>`.
absl::Status ActionError(const ComputeOrder& order, int device, int position, const std::string& what);

}  // namespace baton

#endif  // BATON_SCHEDULES_ORDER_ORDER_INDEX_H_
