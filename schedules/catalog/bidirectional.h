// The schedules with two copies of the parameters, whose gradients are summed at the end of a step. Used by the
// catalog.
#ifndef BATON_SCHEDULES_CATALOG_BIDIRECTIONAL_H_
#define BATON_SCHEDULES_CATALOG_BIDIRECTIONAL_H_

#include "absl/status/statusor.h"
#include "schedules/catalog/order_request.h"
#include "schedules/order/compute_order.h"

namespace baton {

// All expect a request that CheckRequest accepts, with one chunk per device. The backwards of a chunk ascend in
// micro-batches on each device that holds it; chunk c is on devices c and p−1−c.
absl::StatusOr<ComputeOrder> MakeChimeraOrder(const OrderRequest& request);
absl::StatusOr<ComputeOrder> MakeDualPipeOrder(const OrderRequest& request);

}  // namespace baton

#endif  // BATON_SCHEDULES_CATALOG_BIDIRECTIONAL_H_
