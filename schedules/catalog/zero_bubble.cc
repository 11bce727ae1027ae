// ZB-H1 and ZB-H2: 1F1B with split backwards. No other device waits for a backward-weight, so it can fill the bubble.
//
//   ZB-H1     (times at F = B = W)
//   device 0  F0 F1 F2 .  .  I0 W0 F3 I1 W1 I2 W2 I3 W3
//   device 1  .  F0 F1 .  I0 F2 I1 W0 F3 I2 W1 I3 W2 W3
//   device 2  .  .  F0 I0 F1 I1 F2 I2 W0 F3 I3 W1 W2 W3
//
// Device i delays its backward-weights by i micro-batches, so that at most p are live on it, as on device 0; gradients
// go back without waiting for any of them. ZB-H2 has 2p−1 micro-batches in flight: its warm-up is twice as long and
// backward-weights are delayed by 2i, so that at F = B = W no device is idle between its first action and its last.
// With m < p, or m < 2p−1 for ZB-H2, the warm-up is shorter.
// Source: Qi et al. 2024 (Zero Bubble Pipeline Parallelism), sections 2.1 and 2.2, figure 3.
#include <algorithm>

#include "schedules/catalog/schedules.h"

namespace baton {
namespace {

// `per_stage`: the forwards of a device's warm-up for each stage behind it, and the delay of its
// backward-weights in micro-batches for each stage before it.
ComputeOrder WithDelayedWeights(const OrderRequest& request, int per_stage) {
  ComputeOrder order = LoopedOrder(request);
  const int m = request.num_micro_batches;
  for (int device = 0; device < request.num_stages; ++device) {
    std::vector<Action>& actions = order.devices[device];
    actions.reserve(size_t{3} * m);
    const int warm_up = std::min(per_stage * (request.num_stages - device - 1), m);
    const int delay = std::min(per_stage * device, m);
    for (int i = 0; i < warm_up; ++i) actions.push_back({ActionKind::kForward, device, i});
    for (int i = 0; i < m; ++i) {
      if (i + warm_up < m) actions.push_back({ActionKind::kForward, device, i + warm_up});
      actions.push_back({ActionKind::kBackwardInput, device, i});
      if (i >= delay) actions.push_back({ActionKind::kBackwardWeight, device, i - delay});
    }
    for (int i = m - delay; i < m; ++i) actions.push_back({ActionKind::kBackwardWeight, device, i});
  }
  return order;
}

}  // namespace

absl::StatusOr<ComputeOrder> MakeZbH1Order(const OrderRequest& request) { return WithDelayedWeights(request, 1); }

absl::StatusOr<ComputeOrder> MakeZbH2Order(const OrderRequest& request) { return WithDelayedWeights(request, 2); }

}  // namespace baton
