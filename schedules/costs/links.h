// What a transfer costs: the links between devices. Part of a cost model; used by lowering, the simulator and
// rehearsals.
#ifndef BATON_SCHEDULES_COSTS_LINKS_H_
#define BATON_SCHEDULES_COSTS_LINKS_H_

#include <algorithm>
#include <cmath>

#include "base/units.h"

namespace baton {

// One direction of a wire. A transfer of b bytes takes its turn on the link, holds it for b / bytes_per_ns, and has
// arrived latency_ns after that:
//
//   both sides ready ──(turn)──▶ ═══ b / bytes_per_ns ═══ ──latency_ns──▶ end
//
// So transfers that share a link queue for its bandwidth, while any number may be in its latency.
struct LinkCosts {
  Nanos latency_ns = 0;
  double bytes_per_ns = 0;  // that is GB/s; 0: bytes take no time, and nothing queues

  // How long `bytes` hold the link; at most 2^56 ns, which is two years.
  Nanos TransmitNanos(Bytes bytes) const {
    if (bytes_per_ns <= 0) return 0;
    return std::llround(std::min(static_cast<double>(bytes) / bytes_per_ns, static_cast<double>(Nanos{1} << 56)));
  }
};

}  // namespace baton

#endif  // BATON_SCHEDULES_COSTS_LINKS_H_
