// 1F1B, also known as PipeDream-flush: as little as possible in flight.
//
//             warm-up  steady state     cool-down
//   device 0  F0 F1 F2       B0 F3    B1    B2    B3
//   device 1     F0 F1    B0 F2    B1 F3 B2    B3
//   device 2        F0 B0 F1    B1 F2 B2 F3 B3
//
// Device i holds at most p − i micro-batches; the bubble is that of GPipe.
// Source: Narayanan et al. 2021 (Megatron-LM), section 2.2.1.
#include <algorithm>

#include "schedules/order/schedules.h"

namespace baton {

absl::StatusOr<ComputeOrder> MakeOneFOneBOrder(const OrderRequest& request) {
  ComputeOrder order = LoopedOrder(request);
  const int m = request.num_micro_batches;
  for (int device = 0; device < request.num_stages; ++device) {
    std::vector<Action>& actions = order.devices[device];
    actions.reserve(size_t{2} * m);
    const int warm_up = std::min(request.num_stages - device - 1, m);
    for (int i = 0; i < warm_up; ++i) actions.push_back({ActionKind::kForward, device, i});
    for (int i = warm_up; i < m; ++i) {
      actions.push_back({ActionKind::kForward, device, i});
      actions.push_back({ActionKind::kBackward, device, i - warm_up});
    }
    for (int i = m - warm_up; i < m; ++i) actions.push_back({ActionKind::kBackward, device, i});
  }
  return order;
}

}  // namespace baton
