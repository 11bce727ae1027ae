// The schedules with two replicas of the parameters, whose gradients are summed at the end of a step. Used by the
// catalog.
#ifndef BATON_SCHEDULES_CATALOG_BIDIRECTIONAL_H_
#define BATON_SCHEDULES_CATALOG_BIDIRECTIONAL_H_

#include "absl/status/statusor.h"
#include "schedules/catalog/order_request.h"
#include "schedules/order/compute_order.h"

namespace baton {

// Both expect a request that CheckRequest accepts, with one chunk per device. Chunk c has a replica on device c and one
// on device p−1−c. On each of these devices its backwards ascend in micro-batches.
absl::StatusOr<ComputeOrder> MakeChimeraOrder(const OrderRequest& request);
absl::StatusOr<ComputeOrder> MakeDualPipeOrder(const OrderRequest& request);

}  // namespace baton

#endif  // BATON_SCHEDULES_CATALOG_BIDIRECTIONAL_H_
