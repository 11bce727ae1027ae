// Round numbers on an axis of time. Used by svg.
#ifndef BATON_SCHEDULES_DRAW_TIME_AXIS_H_
#define BATON_SCHEDULES_DRAW_TIME_AXIS_H_

#include <string>
#include <vector>

#include "base/units.h"

namespace baton {

struct TimeAxis {
  struct Tick {
    Nanos at = 0;       // since the step began
    std::string label;  // as "25 ms", in the unit in which FormatDuration shows `length`; "0" has no unit
  };
  std::vector<Tick> ticks;  // from 0 up to `length` at most, evenly spaced by 1, 2 or 5 times a power of ten
};

// About `wanted` ticks, at least two if `length`, in nanoseconds, is not zero.
TimeAxis MakeTimeAxis(Nanos length, double wanted);

}  // namespace baton

#endif  // BATON_SCHEDULES_DRAW_TIME_AXIS_H_
