// The trace of one step: one interval for each instruction of a program. Simulations, rehearsals and training all
// return this type, and analyze/ and draw/ read only this, so that a prediction and a measurement can be compared.
//
//   // for program.devices[device].instructions[instruction]:
//   const Interval& interval = trace.devices[device][instruction];
//   const Nanos waited = interval.start - interval.ready;
//   const Nanos ran = interval.end - interval.start;
#ifndef BATON_SCHEDULES_TRACE_TRACE_H_
#define BATON_SCHEDULES_TRACE_TRACE_H_

#include <algorithm>
#include <vector>

#include "base/units.h"
#include "schedules/costs/shared_cores.h"

namespace baton {

// Nanoseconds since the step began; ready ≤ start ≤ end in simulations. Measured times of different devices may differ
// by the error of their clocks.
//
//   ready ──── start ════════ end
//         waits       runs
//
//              ready                         start                          end
//   compute    the lane's predecessor ended  the instruction began to run   it was done
//   transfer   this side was ready           both sides were ready          the data had arrived
//   collective this device was ready         the last device was ready      the result was there
struct Interval {
  Nanos ready = 0;
  Nanos start = 0;
  Nanos end = 0;
};

struct Trace {
  std::vector<std::vector<Interval>> devices;  // [device][instruction], as in Program::devices
  SharedCores cores = {};                      // that the devices shared while it ran
};

// Moves all times by `shift`.
inline void ShiftTimes(Nanos shift, std::vector<Interval>& intervals) {
  for (Interval& interval : intervals) {
    interval.ready += shift;
    interval.start += shift;
    interval.end += shift;
  }
}

// When the last instruction ended, in nanoseconds since the step began; 0 if there is none.
inline Nanos StepTimeOf(const Trace& trace) {
  Nanos step_time = 0;
  for (const auto& intervals : trace.devices) {
    for (const Interval& interval : intervals) step_time = std::max(step_time, interval.end);
  }
  return step_time;
}

}  // namespace baton

#endif  // BATON_SCHEDULES_TRACE_TRACE_H_
