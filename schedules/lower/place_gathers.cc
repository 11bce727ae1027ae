// Finds the first Forward of each chunk; see place_gathers.h.
#include "schedules/lower/place_gathers.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "schedules/program/walk/participants.h"

namespace baton {
namespace {

// [chunk]: when the first action of any replica starts.
std::vector<Nanos> FirstStarts(const ComputeOrder& order, const OrderTimes& times) {
  std::vector<Nanos> starts(order.num_chunks, std::numeric_limits<Nanos>::max());
  for (size_t device = 0; device < order.devices.size(); ++device) {
    for (size_t position = 0; position < order.devices[device].size(); ++position) {
      Nanos& start = starts[order.devices[device][position].chunk];
      start = std::min(start, times.start[device][position]);
    }
  }
  return starts;
}

}  // namespace

std::vector<std::vector<int32_t>> PlaceGathers(const ComputeOrder& order, const OrderTimes& times,
                                               const Program& program) {
  const std::vector<Nanos> starts = FirstStarts(order, times);
  std::vector<std::pair<Nanos, int32_t>> by_time;
  for (int32_t group = 0; group < static_cast<int32_t>(program.reduce_groups.size()); ++group) {
    const ReduceGroup& each = program.reduce_groups[group];
    if (each.kind != ReduceKind::kShardedUpdate) continue;
    by_time.push_back({starts[program.placement.replicas()[each.members.front()].chunk], group});
  }
  std::sort(by_time.begin(), by_time.end());
  std::vector<std::vector<int32_t>> gathers(order.devices.size());
  for (const auto& [start, group] : by_time) {
    for (const int32_t device : ParticipantsOf(program, group)) gathers[device].push_back(group);
  }
  return gathers;
}

}  // namespace baton
