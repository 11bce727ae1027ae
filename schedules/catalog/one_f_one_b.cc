// 1F1B, also known as PipeDream-flush: as little as possible in flight. And its eager variant.
//
//             warm-up  steady state     cool-down
//   device 0  F0 F1 F2       B0 F3    B1    B2    B3
//   device 1     F0 F1    B0 F2    B1 F3 B2    B3
//   device 2        F0 B0 F1    B1 F2 B2 F3 B3
//
// Device i holds at most p − i micro-batches; the bubble is that of GPipe. Transfers are in the way: what a device
// needs next is what its neighbour has just finished. Eager 1F1B runs twice the warm-up, so that it has been under way
// for one more forward and backward; the bubble without transfer times is the same.
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

// The device's forwards before its first backward, less one: `per_stage` for each stage behind it.
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
