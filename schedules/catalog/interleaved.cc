// Interleaved 1F1B: several chunks per device in the loop placement, so that the pipeline fills in smaller steps.
//
//   p = 2, v = 2: chunks a and c on device 0, chunks b and d on device 1
//   device 0  Fa0 Fa1 Fc0 Fc1 Fa2 .   Bc0---- Fa3 Bc1---- Fc2 Ba0---- ...
//   device 1  .   Fb0 Fb1 Fd0 Bd0---- Fd1 Bd1---- Fb2 Bb0---- Fb3 Bb1---- ...
//
// A group of micro-batches goes through one chunk of the device, then through its next one. The backwards use the same
// groups, from the last chunk to the first. A group has at least p micro-batches: a device would wait for the return of
// a smaller one. The paper requires p | m. Here m is divided into ⌊m / group⌋ groups as evenly as possible, the larger
// ones first, because the warm-up is as long as the first group; the bubble stays (p−1)T/v for every m >= p. If m is
// smaller than a group, all micro-batches form one group.
// Source: Narayanan et al. 2021 (Megatron-LM), section 2.2.2, figure 4; the group size as in Megatron-Core.
#include <algorithm>

#include "schedules/catalog/schedules.h"

namespace baton {
namespace {

// One pass in a device's sequence; its round-th chunk, from 0.
struct Turn {
  int round;
  int micro_batch;
};

std::vector<int> GroupSizes(int num_micro_batches, int group) {
  const int num_groups = std::max(1, num_micro_batches / group);
  std::vector<int> sizes(num_groups, num_micro_batches / num_groups);
  for (int i = 0; i < num_micro_batches % num_groups; ++i) ++sizes[i];
  return sizes;
}

std::vector<Turn> Turns(const std::vector<int>& sizes, int num_rounds, bool forward) {
  std::vector<Turn> turns;
  int first = 0;
  for (int size : sizes) {
    for (int round = 0; round < num_rounds; ++round) {
      for (int i = 0; i < size; ++i) turns.push_back({forward ? round : num_rounds - 1 - round, first + i});
    }
    first += size;
  }
  return turns;
}

}  // namespace

absl::StatusOr<ComputeOrder> MakeInterleavedOrder(const OrderRequest& request) {
  ComputeOrder order = LoopedOrder(request);
  const int p = request.num_stages;
  const int v = request.chunks_per_device;
  const std::vector<int> sizes = GroupSizes(request.num_micro_batches, std::max(request.micro_batch_group, p));
  const std::vector<Turn> forwards = Turns(sizes, v, true);
  const std::vector<Turn> backwards = Turns(sizes, v, false);
  const int num_turns = static_cast<int>(forwards.size());
  for (int device = 0; device < p; ++device) {
    std::vector<Action>& actions = order.devices[device];
    actions.reserve(size_t{2} * num_turns);
    auto add = [&](ActionKind kind, const Turn& turn) {
      actions.push_back({kind, turn.round * p + device, turn.micro_batch});
    };
    // With one chunk this is 1F1B. With more, a device must be two forwards ahead of the next one, which runs a forward
    // between two of its backwards.
    const int64_t ahead = (v > 1 ? int64_t{2} : int64_t{1}) * (p - 1 - device) + int64_t{v - 1} * sizes[0];
    const int warm_up = static_cast<int>(std::min<int64_t>(ahead, num_turns));
    for (int i = 0; i < warm_up; ++i) add(ActionKind::kForward, forwards[i]);
    for (int i = warm_up; i < num_turns; ++i) {
      add(ActionKind::kForward, forwards[i]);
      add(ActionKind::kBackward, backwards[i - warm_up]);
    }
    for (int i = num_turns - warm_up; i < num_turns; ++i) add(ActionKind::kBackward, backwards[i]);
  }
  return order;
}

}  // namespace baton
