// The order of an evaluation; see forward_only.h.
#include "schedules/order/forward_only.h"

#include "base/status.h"

namespace baton {

absl::StatusOr<ComputeOrder> ForwardOnlyOrder(const OrderRequest& request) {
  BATON_RETURN_IF_ERROR(CheckRequest(request));
  ComputeOrder order = LoopedOrder(request);
  for (int chunk = 0; chunk < order.num_chunks; ++chunk) {
    for (int micro_batch = 0; micro_batch < request.num_micro_batches; ++micro_batch) {
      order.devices[order.device_of_chunk[chunk]].push_back({ActionKind::kForward, chunk, micro_batch});
    }
  }
  return order;
}

}  // namespace baton
