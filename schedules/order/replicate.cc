// Shifts devices, micro-batches and replicas; see replicate.h.
#include "schedules/order/replicate.h"

#include <utility>

namespace baton {

ChunkPlacement ReplicatePlacement(const ChunkPlacement& placement, int replicas, int num_devices,
                                  int num_micro_batches) {
  if (replicas == 1) return placement;
  const int inner = placement.num_replicas();
  std::vector<ChunkReplica> entries;
  entries.reserve(placement.replicas().size() * static_cast<size_t>(replicas));
  std::vector<int32_t> replica_of_micro_batch;
  for (int32_t copy = 0; copy < replicas; ++copy) {
    for (const ChunkReplica& entry : placement.replicas()) {
      entries.push_back({entry.chunk, entry.replica + copy * inner, entry.device + copy * num_devices});
    }
    for (int micro_batch = 0; micro_batch < num_micro_batches; ++micro_batch) {
      const std::vector<int32_t>& of_one = placement.replica_of_micro_batch();
      replica_of_micro_batch.push_back((of_one.empty() ? 0 : of_one[micro_batch]) + copy * inner);
    }
  }
  return ChunkPlacement::OfList(placement.num_chunks(), std::move(entries), std::move(replica_of_micro_batch));
}

ComputeOrder Replicate(const ComputeOrder& order, int replicas) {
  if (replicas == 1) return order;
  ComputeOrder copies;
  copies.num_chunks = order.num_chunks;
  copies.num_micro_batches = order.num_micro_batches * replicas;
  copies.placement = ReplicatePlacement(order.placement, replicas, order.num_devices(), order.num_micro_batches);
  for (int32_t copy = 0; copy < replicas; ++copy) {
    for (const std::vector<Action>& actions : order.devices) {
      copies.devices.push_back(actions);
      for (Action& action : copies.devices.back()) action.micro_batch += copy * order.num_micro_batches;
    }
  }
  return copies;
}

}  // namespace baton
