// The smallest round step that leaves no more ticks than wanted.
#include "schedules/draw/time_axis.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace baton {
namespace {

struct Unit {
  Nanos nanos;
  const char* name;
};
constexpr Unit kUnits[] = {{1'000'000'000, "s"}, {1'000'000, "ms"}, {1'000, "µs"}, {1, "ns"}};

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
  // The unit in which all ticks are whole numbers.
  const Unit* unit = &kUnits[3];
  for (const Unit& each : kUnits) {
    if (step % each.nanos == 0) {
      unit = &each;
      break;
    }
  }
  for (Nanos at = step; at <= length; at += step)
    axis.ticks.push_back({at, absl::StrCat(at / unit->nanos, " ", unit->name)});
  return axis;
}

}  // namespace baton
