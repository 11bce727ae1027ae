// The time of an AllReduce; see costs.h.
#include "schedules/costs/costs.h"

#include <algorithm>

namespace baton {

Nanos CostModel::ReduceNanos(const std::vector<int32_t>& device_of_member, Bytes bytes, bool sums) const {
  std::vector<int32_t> devices = device_of_member;
  std::sort(devices.begin(), devices.end());
  devices.erase(std::unique(devices.begin(), devices.end()), devices.end());
  const int64_t count = static_cast<int64_t>(devices.size());
  if (count < 2) return reduce_ns;
  const LinkCosts link = LinkBetween(devices.front(), devices.back());
  if (link.bytes_per_ns <= 0) return reduce_ns;
  const double rounds = (sums ? 2.0 : 1.0) * static_cast<double>(count - 1);
  const double ring = rounds * static_cast<double>(link.latency_ns + link.TransmitNanos(bytes / count));
  return reduce_ns + static_cast<Nanos>(std::min(ring, static_cast<double>(Nanos{1} << 56)));
}

}  // namespace baton
