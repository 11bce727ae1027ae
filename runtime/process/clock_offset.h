// The difference between two clocks, by the probe of least round trip. Used by member_state.cc.
#ifndef BATON_RUNTIME_PROCESS_CLOCK_OFFSET_H_
#define BATON_RUNTIME_PROCESS_CLOCK_OFFSET_H_

#include <array>
#include <cstdint>

namespace baton {

// Thread contract: one thread at a time. Source: Cristian, "Probabilistic clock synchronization", 1989: a reply's clock
// was read between the probe's sending and its return, so the offset is known to ± half of the round trip.
class ClockOffset {
 public:
  // Probes over which the least round trip is taken.
  static constexpr int kProbes = 8;

  // A probe: sent and returned on this clock, answered on the other one, in nanoseconds. Ignored if it returned before
  // it was sent, or if a time is negative.
  void Add(int64_t sent_ns, int64_t other_ns, int64_t returned_ns);

  // The offset of the best of the last kProbes; 0 before the first. The other clock minus this one.
  int64_t offset_ns() const { return Best().offset_ns; }
  int64_t round_trip_ns() const { return Best().round_trip_ns; }
  int64_t count() const { return count_; }

 private:
  struct Probe {
    int64_t offset_ns = 0;
    int64_t round_trip_ns = 0;
  };

  Probe Best() const;

  std::array<Probe, kProbes> probes_;
  int64_t count_ = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_PROCESS_CLOCK_OFFSET_H_
