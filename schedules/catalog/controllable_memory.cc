// ZB-V, V-Half and V-Min: two chunks per device placed as a V, with split backwards. Each is a building block of period
// 6, which is a device's work for one micro-batch at F = B = W. The time between the same pass on neighbouring devices
// determines the memory, and with it the bubble.
//
//   V-Min, p = 3 (chunks a b c down the devices, d e f up; times at F = B = W)
//   device 0  Fa0 .   .   .   .   Ff0 Fa1 If0 Wf0 .   .   Ff1 Fa2 Ia0 If1 Wa0 Wf1 ...
//   device 1  .   Fb0 .   .   Fe0 .   .   Fb1 Ie0 We0 Fe1 .   Ib0 Fb2 Wb0 Ie1 Fe2 ...
//   device 2  .   .   Fc0 Fd0 .   .   .   .   Fc1 Fd1 Id0 Ic0 Wd0 Wc0 Fc2 Fd2 Id1 ...
//
//   steps   F down  F up  I down  I up    peak (micro-batches)    bubble
//   ZB-V       3      3      3      3     p                       none in a device's own span for m >= 2p−1
//   V-Half     1      2      1      2     ⌊(p+2)/2⌋               (3p−4)/6 T for p >= 3
//   V-Min      1      1      1      1     ⌊(p+4)/3⌋               (4p−5)/6 T; (4p−3)/6 T if 3 ∣ p
//
// The block determines the order of forwards and backward-inputs on each device. FillBackwardWeights inserts a
// backward-weight where the device would otherwise wait or exceed the limit. ZB-V has memory to spare in the warm-up,
// so a device that would still wait runs forwards of its first chunk early. Any m works: the order of fewer
// micro-batches is a part of that of more.
//
// Source: Qi et al. 2024b (Pipeline Parallelism with Controllable Memory), figure 4; for ZB-V also Qi et al. 2024 (Zero
// Bubble Pipeline Parallelism), section 6.
#include <algorithm>
#include <optional>

#include "base/status.h"
#include "schedules/catalog/building_block.h"
#include "schedules/catalog/fill_weights.h"
#include "schedules/catalog/schedules.h"

namespace baton {
namespace {

constexpr int kPeriod = 6;

// The delay from a device to the next one that runs the same pass, in unit costs.
struct Steps {
  int forward_down;
  int forward_up;
  int backward_down;
  int backward_up;
};

// True if no two of the four passes ever begin at once on a device. Steps are integers, so only the first kPeriod
// devices differ.
bool IsFree(const BuildingBlock& block, int p) {
  for (int device = 0; device < std::min(p, kPeriod); ++device) {
    bool taken[kPeriod] = {};
    const int up = 2 * p - 1 - device;
    for (int64_t begin : {block.forward[device], block.forward[up], block.backward[up], block.backward[device]}) {
      if (taken[begin % kPeriod]) return false;
      taken[begin % kPeriod] = true;
    }
  }
  return true;
}

// The block with the given pauses at the turns of the V and between forward and backward.
BuildingBlock BlockWithPauses(int p, const Steps& steps, int down_to_up, int to_backward, int backward_to_up) {
  BuildingBlock block;
  block.period = kPeriod;
  block.forward.resize(2 * p);
  block.backward.resize(2 * p);
  const int64_t forward_up = int64_t{p - 1} * steps.forward_down + 1 + down_to_up;
  const int64_t backward_down = forward_up + int64_t{p - 1} * steps.forward_up + 1 + to_backward;
  const int64_t backward_up = backward_down + int64_t{p - 1} * steps.backward_down + 1 + backward_to_up;
  for (int64_t i = 0; i < p; ++i) {
    block.forward[i] = i * steps.forward_down;
    block.forward[p + i] = forward_up + i * steps.forward_up;
    block.backward[2 * p - 1 - i] = backward_down + i * steps.backward_down;
    block.backward[p - 1 - i] = backward_up + i * steps.backward_up;
  }
  return block;
}

// The block with the shortest pauses in which no device has two passes at once.
BuildingBlock ShortestBlock(int p, const Steps& steps) {
  for (int sum = 0; sum <= 3 * (kPeriod - 1); ++sum) {
    for (int first = 0; first <= std::min(sum, kPeriod - 1); ++first) {
      for (int second = 0; second <= std::min(sum - first, kPeriod - 1); ++second) {
        const int third = sum - first - second;
        if (third >= kPeriod) continue;
        BuildingBlock block = BlockWithPauses(p, steps, first, second, third);
        if (IsFree(block, p)) return block;
      }
    }
  }
  // Not reached for the steps below. A block whose passes collide still gives an order that can run.
  return BlockWithPauses(p, steps, 0, 0, 0);
}

absl::StatusOr<ComputeOrder> MakeVOrder(const OrderRequest& request, const Steps& steps, int max_micro_batches,
                                        WhenIdle when_idle) {
  ComputeOrder order = ZigzagOrder(request);
  RepeatBlock(ShortestBlock(request.num_stages, steps), ActionKind::kBackwardInput, order);
  BATON_RETURN_IF_ERROR(FillBackwardWeights(2 * max_micro_batches, when_idle, order));
  return order;
}

}  // namespace

absl::StatusOr<ComputeOrder> MakeZbVOrder(const OrderRequest& request) {
  return MakeVOrder(request, {3, 3, 3, 3}, request.num_stages, WhenIdle::kRunAhead);
}

absl::StatusOr<ComputeOrder> MakeVHalfOrder(const OrderRequest& request) {
  return MakeVOrder(request, {1, 2, 1, 2}, (request.num_stages + 2) / 2, WhenIdle::kWait);
}

absl::StatusOr<ComputeOrder> MakeVMinOrder(const OrderRequest& request) {
  return MakeVOrder(request, {1, 1, 1, 1}, (request.num_stages + 4) / 3, WhenIdle::kWait);
}

}  // namespace baton
