// Finds the step with the median time in one pass, so that only a few steps have to be kept. Used by `baton rehearse`,
// whose traces are large.
//
//     NearMedian near;
//     std::vector<Trace> kept(NearMedian::kSlots);
//     for (…) if (const int slot = near.Add(trace.Duration()); slot >= 0) kept[slot] = std::move(trace);
//     kept[near.Nearest()];
#ifndef BATON_RUNTIME_REHEARSE_NEAR_MEDIAN_H_
#define BATON_RUNTIME_REHEARSE_NEAR_MEDIAN_H_

#include <array>
#include <vector>

#include "base/units.h"

namespace baton {

// Thread contract: one thread at a time.
class NearMedian {
 public:
  static constexpr int kSlots = 8;

  // The slot to keep the step in, whose earlier step is given up; -1 to drop this step. Of more steps than slots, the
  // one farthest from the median so far is given up.
  int Add(Nanos time);

  // The slot of the step nearest to the median, the faster of two; of an even number of steps, the faster of the two in
  // the middle is the median. Up to kSlots steps it is the median itself. Expects a step.
  int Nearest() const;

  // The times of all steps, ascending.
  const std::vector<Nanos>& times() const { return times_; }

 private:
  Nanos Median() const { return times_[(times_.size() - 1) / 2]; }

  std::vector<Nanos> times_;          // ascending
  std::array<Nanos, kSlots> kept_{};  // [slot]
  int num_kept_ = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_REHEARSE_NEAR_MEDIAN_H_
