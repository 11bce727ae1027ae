// The request for a schedule, its check, and the placements that schedules share. Used by the catalog, its schedules
// and search.
#ifndef BATON_SCHEDULES_CATALOG_ORDER_REQUEST_H_
#define BATON_SCHEDULES_CATALOG_ORDER_REQUEST_H_

#include "absl/status/status.h"
#include "schedules/order/compute_order.h"

namespace baton {

struct OrderRequest {
  int num_stages;             // devices of the pipeline, at least 1
  int num_micro_batches;      // at least 1
  int chunks_per_device = 0;  // 0: ScheduleInfo::default_chunks, which MakeOrder fills in
  // The number of micro-batches that go through one chunk before the device turns to its next one; at least num_stages.
  // 0: num_stages. Only the schedule "interleaved" reads it.
  int micro_batch_group = 0;
};

// Errors: InvalidArgument if one of the first three is below 1 or their product exceeds kMaxForwards, or if
// micro_batch_group is neither 0 nor at least num_stages.
absl::Status CheckRequest(const OrderRequest& request);

// Returns an order without actions in the loop placement: chunk c on device c mod p. Expects a checked request.
ComputeOrder LoopedOrder(const OrderRequest& request);

// Returns an order without actions in the zigzag placement: the first p chunks go down the devices, the next p up, and
// so on, so that a turn stays on its device. With 2 chunks per device that is a V. Expects a checked request.
ComputeOrder ZigzagOrder(const OrderRequest& request);

// Returns an order without actions with two replicas of each chunk: for chunk c replica 0 is on device c and replica 1
// on device p−1−c. Even micro-batches use replica 0, odd ones replica 1. With one device or one micro-batch there is
// one replica. Expects a checked request with one chunk per device.
ComputeOrder BidirectionalOrder(const OrderRequest& request);

}  // namespace baton

#endif  // BATON_SCHEDULES_CATALOG_ORDER_REQUEST_H_
