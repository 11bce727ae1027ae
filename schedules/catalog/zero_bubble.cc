// ZB-H1 and ZB-H2: 1F1B with the backward split, so that backward-weight, which nobody waits for, fills the bubble.
//
//   ZB-H1     (times at F = B = W)
//   device 0  F0 F1 F2 .  .  I0 W0 F3 I1 W1 I2 W2 I3 W3
//   device 1  .  F0 F1 .  I0 F2 I1 W0 F3 I2 W1 I3 W2 W3
//   device 2  .  .  F0 I0 F1 I1 F2 I2 W0 F3 I3 W1 W2 W3
//
// Device i puts off its backward-weights by i micro-batches, so that it holds p of them at most, like device 0: the
// gradient goes back without waiting for any. ZB-H2 lets 2p−1 in flight: the warm-up is twice as long and
// backward-weight put off by 2i, so that (with F = B = W) no device is idle between its first action and its last.
// m < p, or less than 2p−1 for ZB-H2, shortens the warm-up.
// Source: Qi et al. 2024 (Zero Bubble Pipeline Parallelism), sections 2.1 and 2.2, figure 3.
#include <algorithm>

#include "schedules/catalog/schedules.h"

namespace baton {
namespace {

// `per_stage`: forwards that a device runs ahead, and backward-weights that it puts off, for each stage behind it or
// before it.
ComputeOrder WithPutOffWeights(const OrderRequest& request, int per_stage) {
  ComputeOrder order = LoopedOrder(request);
  const int m = request.num_micro_batches;
  for (int device = 0; device < request.num_stages; ++device) {
    std::vector<Action>& actions = order.devices[device];
    actions.reserve(size_t{3} * m);
    const int warm_up = std::min(per_stage * (request.num_stages - device - 1), m);
    const int put_off = std::min(per_stage * device, m);
    for (int i = 0; i < warm_up; ++i) actions.push_back({ActionKind::kForward, device, i});
    for (int i = 0; i < m; ++i) {
      if (i + warm_up < m) actions.push_back({ActionKind::kForward, device, i + warm_up});
      actions.push_back({ActionKind::kBackwardInput, device, i});
      if (i >= put_off) actions.push_back({ActionKind::kBackwardWeight, device, i - put_off});
    }
    for (int i = m - put_off; i < m; ++i) actions.push_back({ActionKind::kBackwardWeight, device, i});
  }
  return order;
}

}  // namespace

absl::StatusOr<ComputeOrder> MakeZbH1Order(const OrderRequest& request) { return WithPutOffWeights(request, 1); }

absl::StatusOr<ComputeOrder> MakeZbH2Order(const OrderRequest& request) { return WithPutOffWeights(request, 2); }

}  // namespace baton
