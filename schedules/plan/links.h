// What a transfer costs: the links between devices. Part of a cost model; used by lowering, the simulator and
// rehearsals.
#ifndef BATON_SCHEDULES_PLAN_LINKS_H_
#define BATON_SCHEDULES_PLAN_LINKS_H_

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

  // How long `bytes` hold the link.
  Nanos TransmitNanos(Bytes bytes) const {
    return bytes_per_ns > 0 ? static_cast<Nanos>(std::llround(static_cast<double>(bytes) / bytes_per_ns)) : 0;
  }
};

}  // namespace baton

#endif  // BATON_SCHEDULES_PLAN_LINKS_H_
