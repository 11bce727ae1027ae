// What a schedule is asked for, its check, and the placements that schedules share. Used by the files of the
// schedules and by the catalog.
#ifndef BATON_SCHEDULES_CATALOG_ORDER_REQUEST_H_
#define BATON_SCHEDULES_CATALOG_ORDER_REQUEST_H_

#include "absl/status/status.h"
#include "schedules/order/compute_order.h"

namespace baton {

struct OrderRequest {
  int num_stages;  // devices of the pipeline
  int num_micro_batches;
  int chunks_per_device = 0;  // 0: ScheduleInfo::default_chunks, which MakeOrder fills in
  // Of interleaved: how many micro-batches go through one chunk before the next one's turn. 0: num_stages.
  int micro_batch_group = 0;
};

// Errors: InvalidArgument if one of the first three is below 1 or their product exceeds kMaxForwards, or if
// micro_batch_group is neither 0 nor at least num_stages.
absl::Status CheckRequest(const OrderRequest& request);

// An order without actions in the loop placement: chunk c on device c mod p. Expects a checked request.
ComputeOrder LoopedOrder(const OrderRequest& request);

// An order without actions in the zigzag placement: down the devices with the first p chunks, up with the next p, and
// so on, so that a turn stays on its device; with 2 chunks per device a V. Expects a checked request.
ComputeOrder ZigzagOrder(const OrderRequest& request);

// An order without actions with two copies of each chunk: of chunk c the first on device c, the second on device
// p−1−c. Even micro-batches use the first, odd ones the second; with one device or micro-batch there is one copy.
// Expects a checked request; one chunk per device.
ComputeOrder BidirectionalOrder(const OrderRequest& request);

}  // namespace baton

#endif  // BATON_SCHEDULES_CATALOG_ORDER_REQUEST_H_
