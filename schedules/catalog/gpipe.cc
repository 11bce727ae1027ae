// GPipe: all forwards, then all backwards.
//
//   device 0  F0 F1 F2                      B0 B1 B2
//   device 1     F0 F1 F2             B0 B1 B2
//   device 2        F0 F1 F2 B0 B1 B2
//
// With several chunks per device it runs all micro-batches of a chunk before the next chunk: breadth-first, in the
// catalog as looped-bfs. The backwards ascend in micro-batches. In figure 2 of the paper they descend; the bubble is
// the same. Source: Huang et al. 2019 (GPipe), section 2.3; for several chunks Lamy-Poirier 2023 (breadth-first),
// section 4.
#include "schedules/catalog/schedules.h"

namespace baton {

absl::StatusOr<ComputeOrder> MakeGpipeOrder(const OrderRequest& request) {
  ComputeOrder order = LoopedOrder(request);
  const int p = request.num_stages;
  for (int device = 0; device < p; ++device) {
    std::vector<Action>& actions = order.devices[device];
    actions.reserve(size_t{2} * request.chunks_per_device * request.num_micro_batches);
    for (int round = 0; round < request.chunks_per_device; ++round) {
      for (int micro_batch = 0; micro_batch < request.num_micro_batches; ++micro_batch) {
        actions.push_back({ActionKind::kForward, round * p + device, micro_batch});
      }
    }
    for (int round = request.chunks_per_device - 1; round >= 0; --round) {
      for (int micro_batch = 0; micro_batch < request.num_micro_batches; ++micro_batch) {
        actions.push_back({ActionKind::kBackward, round * p + device, micro_batch});
      }
    }
  }
  return order;
}

}  // namespace baton
