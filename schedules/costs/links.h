// The cost of a transfer: the links between devices. Part of a cost model (costs.h); used by lowering, the simulator
// and rehearsals.
#ifndef BATON_SCHEDULES_COSTS_LINKS_H_
#define BATON_SCHEDULES_COSTS_LINKS_H_

#include <algorithm>
#include <cmath>

#include "base/units.h"

namespace baton {

// One direction of a wire. A transfer of b bytes waits for its turn on the link, occupies it for b / bytes_per_ns, and
// arrives latency_ns later:
//
//   both sides ready ──(turn)──▶ ═══ b / bytes_per_ns ═══ ──latency_ns──▶ end
//
// Transfers on one link therefore queue for its bandwidth; any number can be in its latency at once.
struct LinkCosts {
  Nanos latency_ns = 0;     // at least 0
  double bytes_per_ns = 0;  // the same number as GB/s, 10⁻⁶ to 10⁶; 0: bytes take no time and nothing queues

  // How long `bytes` occupy the link; at most 2⁵⁶ ns, which is two years.
  Nanos TransmitNanos(Bytes bytes) const {
    if (bytes_per_ns <= 0) return 0;
    return std::llround(std::min(static_cast<double>(bytes) / bytes_per_ns, static_cast<double>(Nanos{1} << 56)));
  }
};

}  // namespace baton

#endif  // BATON_SCHEDULES_COSTS_LINKS_H_
