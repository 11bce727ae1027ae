// First pass of lowering: checks that a compute order is whole and finds where each piece of work stands in it.
#ifndef BATON_SCHEDULES_LOWER_ORDER_INDEX_H_
#define BATON_SCHEDULES_LOWER_ORDER_INDEX_H_

#include <cstdint>
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
  std::vector<int32_t> backward;  // Backward or BackwardInput; empty if forward_only
  std::vector<int32_t> weight;    // BackwardWeight, -1 where Backward does both; empty if forward_only

  size_t Key(int chunk, int micro_batch) const { return static_cast<size_t>(chunk) * num_micro_batches + micro_batch; }
};

// Errors: InvalidArgument if an index is out of range, work is on another device than its chunk, repeated or missing, a
// backward is before its forward or its other half, or gradients would not be added in ascending micro-batch order.
absl::StatusOr<OrderIndex> IndexOrder(const ComputeOrder& order);

// The error for one action of an order: `device 1 position 3: 2F0 <what>`.
absl::Status ActionError(const ComputeOrder& order, int device, int position, const std::string& what);

}  // namespace baton

#endif  // BATON_SCHEDULES_LOWER_ORDER_INDEX_H_
