#include "runtime/process/clock_offset.h"

#include <algorithm>

namespace baton {

void ClockOffset::Add(int64_t sent_ns, int64_t other_ns, int64_t returned_ns) {
  if (sent_ns < 0 || other_ns < 0 || returned_ns < sent_ns) return;
  const int64_t round_trip_ns = returned_ns - sent_ns;
  probes_[count_++ % kProbes] = {other_ns - (sent_ns + round_trip_ns / 2), round_trip_ns};
}

ClockOffset::Probe ClockOffset::Best() const {
  if (count_ == 0) return {};
  return *std::min_element(probes_.begin(), probes_.begin() + std::min<int64_t>(count_, kProbes),
                           [](const Probe& a, const Probe& b) { return a.round_trip_ns < b.round_trip_ns; });
}

}  // namespace baton
