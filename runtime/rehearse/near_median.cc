// See near_median.h.
#include "runtime/rehearse/near_median.h"

#include <algorithm>
#include <cstdlib>

namespace baton {

int NearMedian::Add(Nanos time) {
  times_.insert(std::upper_bound(times_.begin(), times_.end(), time), time);
  if (num_kept_ < kSlots) {
    kept_[num_kept_] = time;
    return num_kept_++;
  }
  const Nanos median = Median();
  const auto farthest = std::max_element(kept_.begin(), kept_.end(),
                                         [&](Nanos a, Nanos b) { return std::abs(a - median) < std::abs(b - median); });
  if (std::abs(time - median) >= std::abs(*farthest - median)) return -1;
  *farthest = time;
  return static_cast<int>(farthest - kept_.begin());
}

int NearMedian::Nearest() const {
  const Nanos median = Median();
  const auto before = [&](Nanos a, Nanos b) {
    const Nanos from_a = std::abs(a - median), from_b = std::abs(b - median);
    return from_a != from_b ? from_a < from_b : a < b;
  };
  return static_cast<int>(std::min_element(kept_.begin(), kept_.begin() + num_kept_, before) - kept_.begin());
}

}  // namespace baton
