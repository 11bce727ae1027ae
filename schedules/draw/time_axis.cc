// The smallest round step that leaves no more ticks than wanted.
#include "schedules/draw/time_axis.h"

#include <algorithm>

#include "absl/strings/str_format.h"

namespace baton {
namespace {

struct Unit {
  Nanos nanos;
  const char* name;
  int digits;  // decimals that a nanosecond needs
};

// The unit in which FormatDuration shows `length`.
Unit UnitOf(Nanos length) {
  if (length < 1'000) return {1, "ns", 0};
  if (length < 999'500) return {1'000, "µs", 3};
  if (length < 999'500'000) return {1'000'000, "ms", 6};
  return {1'000'000'000, "s", 9};
}

Nanos RoundStep(Nanos length, double wanted) {
  const double least = static_cast<double>(length) / std::max(1.0, wanted);
  for (Nanos power = 1;; power *= 10) {
    for (Nanos digit : {1, 2, 5}) {
      if (static_cast<double>(digit * power) >= least || power > length) return std::min(digit * power, length);
    }
  }
}

}  // namespace

TimeAxis MakeTimeAxis(Nanos length, double wanted) {
  TimeAxis axis;
  axis.ticks.push_back({0, "0"});
  if (length <= 0) return axis;
  const Nanos step = RoundStep(length, wanted);
  const Unit unit = UnitOf(length);
  // As many decimals as the step needs, for every tick.
  int digits = unit.digits;
  for (Nanos rest = step; digits > 0 && rest % 10 == 0; rest /= 10) --digits;
  for (Nanos at = step; at <= length; at += step) {
    axis.ticks.push_back(
        {at, absl::StrFormat("%.*f %s", digits, static_cast<double>(at) / static_cast<double>(unit.nanos), unit.name)});
  }
  return axis;
}

}  // namespace baton
