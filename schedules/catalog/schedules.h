// The functions behind the catalog's rows, one file for each family of schedules. Used by the catalog only; all others
// call MakeOrder. All are pure and expect a request that CheckRequest accepts. In every order the backwards of a chunk
// ascend in micro-batches: gradients are added up in that order, so that all schedules give the same bits.
#ifndef BATON_SCHEDULES_CATALOG_SCHEDULES_H_
#define BATON_SCHEDULES_CATALOG_SCHEDULES_H_

#include "absl/status/statusor.h"
#include "schedules/catalog/order_request.h"
#include "schedules/order/compute_order.h"

namespace baton {

// Any number of chunks per device.
absl::StatusOr<ComputeOrder> MakeNaiveOrder(const OrderRequest& request);
absl::StatusOr<ComputeOrder> MakeGpipeOrder(const OrderRequest& request);
absl::StatusOr<ComputeOrder> MakeInterleavedOrder(const OrderRequest& request);  // reads micro_batch_group
absl::StatusOr<ComputeOrder> MakeWaveOrder(const OrderRequest& request);

// One chunk per device.
absl::StatusOr<ComputeOrder> MakeOneFOneBOrder(const OrderRequest& request);
absl::StatusOr<ComputeOrder> MakeEagerOneFOneBOrder(const OrderRequest& request);
absl::StatusOr<ComputeOrder> MakeZbH1Order(const OrderRequest& request);
absl::StatusOr<ComputeOrder> MakeZbH2Order(const OrderRequest& request);

// Two chunks per device.
absl::StatusOr<ComputeOrder> MakeZbVOrder(const OrderRequest& request);
absl::StatusOr<ComputeOrder> MakeVHalfOrder(const OrderRequest& request);
absl::StatusOr<ComputeOrder> MakeVMinOrder(const OrderRequest& request);
absl::StatusOr<ComputeOrder> MakeDualPipeVOrder(const OrderRequest& request);

}  // namespace baton

#endif  // BATON_SCHEDULES_CATALOG_SCHEDULES_H_
