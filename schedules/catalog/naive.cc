// The naive schedule: a model split over devices without any pipelining.
//
//   device 0  F0          B0 F1          B1
//   device 1     F0    B0       F1    B1
//   device 2        F0B0           F1B1
//
// The next micro-batch enters after the previous one has come all the way back, so one device is busy at a time.
// Source: the baseline of Huang et al. 2019 (GPipe), section 2.3.
#include "schedules/catalog/schedules.h"

namespace baton {

absl::StatusOr<ComputeOrder> MakeNaiveOrder(const OrderRequest& request) {
  ComputeOrder order = LoopedOrder(request);
  const int p = request.num_stages;
  for (int device = 0; device < p; ++device) {
    std::vector<Action>& actions = order.devices[device];
    actions.reserve(size_t{2} * request.chunks_per_device * request.num_micro_batches);
    for (int micro_batch = 0; micro_batch < request.num_micro_batches; ++micro_batch) {
      for (int round = 0; round < request.chunks_per_device; ++round) {
        actions.push_back({ActionKind::kForward, round * p + device, micro_batch});
      }
      for (int round = request.chunks_per_device - 1; round >= 0; --round) {
        actions.push_back({ActionKind::kBackward, round * p + device, micro_batch});
      }
    }
  }
  return order;
}

}  // namespace baton
