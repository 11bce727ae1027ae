// The time of an AllReduce; see costs.h.
#include "schedules/costs/costs.h"

#include <algorithm>

namespace baton {

namespace {

constexpr double kLongest = static_cast<double>(Nanos{1} << 56);

// The rounds of a ring over the devices of members, and the slowest link that it uses.
struct Ring {
  int64_t num_devices = 0;
  double rounds = 0;  // 0 if bytes take no time
  LinkCosts link;
};

Ring RingOver(const CostModel& costs, std::vector<int32_t> devices, bool sums) {
  std::sort(devices.begin(), devices.end());
  devices.erase(std::unique(devices.begin(), devices.end()), devices.end());
  Ring ring;
  ring.num_devices = static_cast<int64_t>(devices.size());
  if (ring.num_devices < 2) return ring;
  ring.link = costs.LinkBetween(devices.front(), devices.back());
  if (ring.link.bytes_per_ns > 0) ring.rounds = (sums ? 2.0 : 1.0) * static_cast<double>(ring.num_devices - 1);
  return ring;
}

}  // namespace

Nanos MemberSums::TimeOver(int num_members, const LinkCosts& link) const {
  if (num_members < 2) return 0;
  const double rounds = num_members - 1;  // of a half
  const double sent = rounds * (2.0 * static_cast<double>(bytes) + static_cast<double>(half_bytes)) / num_members;
  const double transmit = link.bytes_per_ns > 0 ? sent / link.bytes_per_ns : 0;
  const double latencies = rounds * (2.0 * count + halves) * static_cast<double>(link.latency_ns);
  return static_cast<Nanos>(std::min(latencies + transmit, kLongest));
}

Nanos CostModel::ReduceNanos(const std::vector<int32_t>& device_of_member, Bytes bytes, bool sums) const {
  const Ring ring = RingOver(*this, device_of_member, sums);
  if (ring.rounds <= 0) return reduce_ns;
  const Nanos round = ring.link.latency_ns + ring.link.TransmitNanos(bytes / ring.num_devices);
  return reduce_ns + static_cast<Nanos>(std::min(ring.rounds * static_cast<double>(round), kLongest));
}

Nanos CostModel::ReduceOccupation(const std::vector<int32_t>& device_of_member, Bytes bytes, bool sums) const {
  const Ring ring = RingOver(*this, device_of_member, sums);
  if (ring.rounds <= 0) return 0;
  const Nanos round = ring.link.TransmitNanos(bytes / ring.num_devices);
  return static_cast<Nanos>(std::min(ring.rounds * static_cast<double>(round), kLongest));
}

}  // namespace baton
