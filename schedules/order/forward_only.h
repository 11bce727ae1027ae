// The order of an evaluation: forwards only. Not in the catalog, since it trains nothing; used by evaluation.
#ifndef BATON_SCHEDULES_ORDER_FORWARD_ONLY_H_
#define BATON_SCHEDULES_ORDER_FORWARD_ONLY_H_

#include "absl/status/statusor.h"
#include "schedules/order/compute_order.h"
#include "schedules/order/order_request.h"

namespace baton {

// Every chunk's micro-batches in order, chunk after chunk, in the loop placement.
// Errors: InvalidArgument as CheckRequest.
absl::StatusOr<ComputeOrder> ForwardOnlyOrder(const OrderRequest& request);

}  // namespace baton

#endif  // BATON_SCHEDULES_ORDER_FORWARD_ONLY_H_
