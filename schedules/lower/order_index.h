// First pass of lowering: checks that a compute order is whole and finds where each piece of work stands in it.
#ifndef BATON_SCHEDULES_LOWER_ORDER_INDEX_H_
#define BATON_SCHEDULES_LOWER_ORDER_INDEX_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "schedules/order/compute_order.h"

namespace baton {

// Positions on the chunk's device, by Key(chunk, micro_batch).
struct OrderIndex {
  int num_micro_batches = 0;
  bool forward_only = true;
  std::vector<int32_t> forward;
  std::vector<int32_t> backward;   // Backward or BackwardInput; empty if forward_only
  std::vector<int32_t> weight;     // BackwardWeight, -1 where Backward does both; empty if forward_only
  std::vector<int32_t> recompute;  // -1 where everything is kept; empty if forward_only

  size_t Key(int chunk, int micro_batch) const { return static_cast<size_t>(chunk) * num_micro_batches + micro_batch; }
};

// What is wrong with an order in one place. The message begins with the action's letters where there is one.
struct OrderViolation {
  int device = -1;    // -1: about the whole order
  int position = -1;  // -1: about something that is not there
  std::string message;
};

// How messages call a position of a device, as "position 3" or "cell 5".
using PositionName = std::function<std::string(int device, int position)>;
std::string PlainPosition(int device, int position);

// As `device 1 position 3: 2F0 is repeated; first at position 0`.
std::string FormatOrderViolation(const OrderViolation& violation, const PositionName& name);

// The most violations that are kept; a hostile order may have as many as it has actions.
inline constexpr size_t kMostOrderViolations = 100000;

// An order's index as far as it goes, and everything that is wrong on single devices: what is out of range, on another
// device than its chunk, repeated, missing, or before what it needs on its own device. Where
// work is missing the index has -1, where it stands on a wrong device -2. Empty if not even the order's shape is right.
struct IndexedOrder {
  OrderIndex index;
  std::vector<OrderViolation> violations;
  int64_t num_more = 0;  // violations beyond kMostOrderViolations
  // The first place where a chunk's gradients are not added in ascending micro-batch order: sound, but other bits.
  std::optional<OrderViolation> descent;
};
IndexedOrder IndexWhatIsThere(const ComputeOrder& order, const PositionName& name);

// Errors: InvalidArgument with the first violation, or the descent if `gradients_ascend`.
absl::StatusOr<OrderIndex> IndexOrder(const ComputeOrder& order, bool gradients_ascend = true);

// The error for one action of an order: `device 1 position 3: 2F0 <what>`.
absl::Status ActionError(const ComputeOrder& order, int device, int position, const std::string& what);

}  // namespace baton

#endif  // BATON_SCHEDULES_LOWER_ORDER_INDEX_H_
