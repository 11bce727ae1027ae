// The parts of a cost model that take more than a line.
#include "schedules/plan/costs.h"

#include <algorithm>

namespace baton {

Nanos CostModel::ReduceNanos(const std::vector<int32_t>& device_of_member, Bytes bytes) const {
  std::vector<int32_t> devices = device_of_member;
  std::sort(devices.begin(), devices.end());
  devices.erase(std::unique(devices.begin(), devices.end()), devices.end());
  const int64_t count = static_cast<int64_t>(devices.size());
  if (count < 2) return reduce_ns;
  const LinkCosts link = LinkBetween(devices.front(), devices.back());
  if (link.bytes_per_ns <= 0) return reduce_ns;
  return reduce_ns + 2 * (count - 1) * (link.latency_ns + link.TransmitNanos(bytes / count));
}

}  // namespace baton
