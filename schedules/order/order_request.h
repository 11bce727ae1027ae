// What a schedule is asked for, its check, and the placement that most schedules share. Used by the files of the
// schedules and by the catalog.
#ifndef BATON_SCHEDULES_ORDER_ORDER_REQUEST_H_
#define BATON_SCHEDULES_ORDER_ORDER_REQUEST_H_

#include <cstdint>

#include "absl/status/status.h"
#include "schedules/order/compute_order.h"

namespace baton {

struct OrderRequest {
  int num_stages;  // devices of the pipeline
  int num_micro_batches;
  int chunks_per_device = 1;
};

// The most chunks × micro-batches of one order: about 100 million instructions, more than anybody runs, and few enough
// that a mistyped number is an error and not an exhausted memory.
inline constexpr int64_t kMaxForwards = int64_t{1} << 24;

// Errors: InvalidArgument if a number is below 1 or the product of all three exceeds kMaxForwards.
absl::Status CheckRequest(const OrderRequest& request);

// An order without actions in the loop placement: chunk c on device c mod p. Expects a checked request.
ComputeOrder LoopedOrder(const OrderRequest& request);

}  // namespace baton

#endif  // BATON_SCHEDULES_ORDER_ORDER_REQUEST_H_
