// What a trace says about a program: how long the step took, where each device was idle and why, what it held at most.
// Simulated and measured traces go through the same function. Used by the tools, runtime/train and the tests.
#ifndef BATON_SCHEDULES_ANALYZE_ANALYSIS_H_
#define BATON_SCHEDULES_ANALYZE_ANALYSIS_H_

#include <vector>

#include "base/units.h"
#include "schedules/analyze/idle.h"
#include "schedules/program/memory_breakdown.h"
#include "schedules/program/program.h"
#include "schedules/trace/trace.h"

namespace baton {

// A device's idle time by cause; the parts add up to all of it.
//
//   |··fill··|F0 F1|··neighbour··|transfer|B0|dispatch|B1|··drain··|
//   step begins                                               step ends
struct IdleCauses {
  Nanos fill = 0;       // before the device's first forward or backward
  Nanos drain = 0;      // after its last: other devices' work, and the reductions that wait for it
  Nanos neighbour = 0;  // between: the neighbour had not computed what this device needed, or not made room
  Nanos transfer = 0;   // between: the data was on its way
  Nanos dispatch = 0;   // between: all was there, but the worker had not started yet; zero in simulations

  Nanos& Of(IdleCause cause) {
    Nanos* const parts[] = {&fill, &drain, &neighbour, &transfer, &dispatch};
    return *parts[static_cast<int>(cause)];
  }
  Nanos Of(IdleCause cause) const { return const_cast<IdleCauses*>(this)->Of(cause); }
  Nanos Total() const { return fill + drain + neighbour + transfer + dispatch; }
};

struct DeviceReport {
  Nanos busy = 0;   // compute instructions but AllReduce
  Nanos work = 0;   // of that, forward and backward
  Nanos span = 0;   // from its first forward or backward to the end of its last
  IdleCauses idle;  // busy + idle = the step
  // Held from Forward until the backward pass is done with it, in micro-batches of a p-th of the model: of v chunks on
  // a device each counts 1/v. With several copies of the parameters a device holds a p-th of each, and each counts
  // whole.
  double peak_micro_batches = 0;
  Bytes peak_bytes = 0;    // the arena that the program lays out
  MemoryBreakdown memory;  // of it
  double BubbleRatio() const {
    const double step = static_cast<double>(busy + idle.Total());
    return step > 0 ? static_cast<double>(idle.Total()) / step : 0.0;
  }
};

struct StepReport {
  Nanos step_time = 0;  // the makespan
  // Idle time / (devices × step time).
  double bubble_ratio = 0;
  // (s − work) / s of the device with the longest span s: what the zero-bubble papers report (Qi et al. 2024, section
  // 5.2). It does not count the stagger of fill and drain.
  double span_bubble_ratio = 0;
  std::vector<DeviceReport> devices;
};

// The longest time from a device's own first forward or backward to the end of its last.
Nanos LongestSpan(const StepReport& report);

// `trace` must be aligned with `program`.
StepReport Analyze(const Program& program, const Trace& trace);

}  // namespace baton

#endif  // BATON_SCHEDULES_ANALYZE_ANALYSIS_H_
