// Finds the last gradient of each replica; see place_sums.h.
#include "schedules/lower/place_sums.h"

#include <algorithm>
#include <utility>

namespace baton {
namespace {

bool AddsGradients(ActionKind kind) { return kind == ActionKind::kBackward || kind == ActionKind::kBackwardWeight; }

// [entry of the placement]: the position of the last action on its device that adds to its gradients; -1 if none does.
std::vector<int32_t> LastGradients(const ComputeOrder& order) {
  std::vector<int32_t> last(order.placement.replicas().size(), -1);
  for (const std::vector<Action>& actions : order.devices) {
    for (size_t position = 0; position < actions.size(); ++position) {
      const Action& action = actions[position];
      if (!AddsGradients(action.kind)) continue;
      last[order.placement.IndexOf(action.chunk, action.micro_batch)] = static_cast<int32_t>(position);
    }
  }
  return last;
}

}  // namespace

std::vector<std::vector<PlacedSum>> PlaceSums(const ComputeOrder& order, const OrderTimes& times,
                                              const Program& program, QueueKind queues) {
  const std::vector<ChunkReplica>& replicas = program.placement.replicas();
  const std::vector<int32_t> last = LastGradients(order);
  // When the last replica is ready, group: a group of kind kTiedShards is behind the sum of the same chunk.
  std::vector<std::pair<Nanos, int32_t>> by_time;
  for (int32_t group = 0; group < static_cast<int32_t>(program.reduce_groups.size()); ++group) {
    const ReduceKind kind = program.reduce_groups[group].kind;
    if (!SumsReplicas(kind) && kind != ReduceKind::kTiedShards) continue;
    Nanos ready = 0;
    for (const int32_t member : program.reduce_groups[group].members) {
      if (last[member] >= 0) ready = std::max(ready, times.end[replicas[member].device][last[member]]);
    }
    by_time.push_back({ready, group});
  }
  std::sort(by_time.begin(), by_time.end());

  std::vector<std::vector<PlacedSum>> sums(order.devices.size());
  for (const auto& placed : by_time) {
    const int32_t group = placed.second;
    for (const int32_t member : program.reduce_groups[group].members) {
      std::vector<PlacedSum>& of_device = sums[replicas[member].device];
      const auto end = static_cast<int32_t>(order.devices[replicas[member].device].size()) - 1;
      int32_t position = queues == QueueKind::kPerDevice ? end : last[member];
      if (!of_device.empty()) position = std::max(position, of_device.back().position);
      of_device.push_back({position, group});
    }
  }
  return sums;
}

}  // namespace baton
