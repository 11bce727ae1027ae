// 1F1B, also known as PipeDream-flush: as few micro-batches in flight as possible. And its eager variant.
//
//             warm-up  steady state     cool-down
//   device 0  F0 F1 F2       B0 F3    B1    B2    B3
//   device 1     F0 F1    B0 F2    B1 F3 B2    B3
//   device 2        F0 B0 F1    B1 F2 B2 F3 B3
//
// At most p − i micro-batches are live on device i; the bubble is that of GPipe. Slow transfers delay it, because a
// device next needs what its neighbour has just finished. Eager 1F1B doubles the warm-up, which gives each transfer the
// time of one more forward and backward; without transfer times the bubble is the same.
//
//   device 0  F0 F1 F2 F3 .  .  .  B0--- .  B1--- .  B2--- .  B3---
//   device 1  .  F0 F1 F2 .  B0--- F3 B1--- .  B2--- .  B3---
//   device 2  .  .  F0 B0--- F1 B1--- F2 B2--- F3 B3---
//
// Source: Narayanan et al. 2021 (Megatron-LM), section 2.2.1; Zhuang et al. 2023 (On Optimizing the Communication of
// Model Parallelism), section 4.
#include <algorithm>

#include "schedules/catalog/schedules.h"

namespace baton {
namespace {

// 1F1B with a warm-up of `per_stage` forwards for each stage behind the device.
ComputeOrder WithWarmUp(const OrderRequest& request, int per_stage) {
  ComputeOrder order = LoopedOrder(request);
  const int m = request.num_micro_batches;
  for (int device = 0; device < request.num_stages; ++device) {
    std::vector<Action>& actions = order.devices[device];
    actions.reserve(size_t{2} * m);
    const int warm_up = std::min(per_stage * (request.num_stages - device - 1), m);
    for (int i = 0; i < warm_up; ++i) actions.push_back({ActionKind::kForward, device, i});
    for (int i = warm_up; i < m; ++i) {
      actions.push_back({ActionKind::kForward, device, i});
      actions.push_back({ActionKind::kBackward, device, i - warm_up});
    }
    for (int i = m - warm_up; i < m; ++i) actions.push_back({ActionKind::kBackward, device, i});
  }
  return order;
}

}  // namespace

absl::StatusOr<ComputeOrder> MakeOneFOneBOrder(const OrderRequest& request) { return WithWarmUp(request, 1); }

absl::StatusOr<ComputeOrder> MakeEagerOneFOneBOrder(const OrderRequest& request) { return WithWarmUp(request, 2); }

}  // namespace baton
