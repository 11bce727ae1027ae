// The report of one step: its time, each device's idle time by cause, and each device's peak memory. Takes simulated
// and measured traces alike. Used by the tools, runtime/train and the tests.
//
//   BATON_ASSIGN_OR_RETURN(const Trace trace, Simulate(program, costs));
//   const StepReport report = Analyze(program, trace);
//   report.bubble_ratio;                // 0.273: the devices were idle 27.3 % of the step
//   report.devices[1].idle.transfer;    // ns for which device 1 waited for data in transit
#ifndef BATON_SCHEDULES_ANALYZE_ANALYSIS_H_
#define BATON_SCHEDULES_ANALYZE_ANALYSIS_H_

#include <optional>
#include <vector>

#include "base/units.h"
#include "schedules/analyze/idle.h"
#include "schedules/program/memory_breakdown.h"
#include "schedules/program/program.h"
#include "schedules/trace/trace.h"

namespace baton {

// A device's idle time by cause, in nanoseconds; the parts add up to all of it.
//
//   |··fill··|F0 F1|··neighbour··|transfer|B0|dispatch|B1|··drain··|
//   step begins                                               step ends
struct IdleCauses {
  Nanos fill = 0;        // before the device's first forward or backward
  Nanos drain = 0;       // after its last one: other devices still work, or a sum waits for them
  Nanos neighbour = 0;   // between: a neighbour had not computed what this device needed, or had not made room
  Nanos transfer = 0;    // between: the data was in transit
  Nanos collective = 0;  // anywhere: a sum or gather ran that the device's next instruction waits for
  Nanos dispatch = 0;    // between: all waits were over, but the worker had not started yet; zero in simulations

  Nanos& Of(IdleCause cause) {
    Nanos* const parts[] = {&fill, &drain, &neighbour, &transfer, &collective, &dispatch};
    return *parts[static_cast<int>(cause)];
  }
  Nanos Of(IdleCause cause) const { return const_cast<IdleCauses*>(this)->Of(cause); }
  Nanos Total() const { return fill + drain + neighbour + transfer + collective + dispatch; }
};

struct DeviceReport {
  Nanos busy = 0;        // in compute instructions, with a core
  Nanos core_wait = 0;   // in compute instructions, while others had the cores that they share (Trace::cores)
  Nanos work = 0;        // the part of `busy` in forward, backward and recompute
  Nanos span = 0;        // from the start of its first forward or backward to the end of its last
  IdleCauses idle;       // busy + core_wait + idle = the step's time
  Nanos collective = 0;  // in which at least one of its sums or gathers ran, whether it computed or not
  // Peak number of micro-batches whose activations are live, from Forward to the end of the backward pass. The unit is
  // one micro-batch through a p-th of the model: with v chunks on the device, each chunk counts 1/v. With several
  // replicas of the model, each replica's p-th counts as a whole.
  double live_micro_batches = 0;
  // The same as limits of activation memory count: between the halves of a backward pass an activation counts with the
  // fraction that is still live. Analyze, which knows no fractions, sets it to live_micro_batches; see PeakMicroBatches
  // in schedules/compile/compile.h.
  double peak_micro_batches = 0;
  Bytes peak_bytes = 0;    // size of the device's arena
  MemoryBreakdown memory;  // parts of peak_bytes
  // The time in which the device does not compute: idle, or without a core.
  Nanos Bubble() const { return idle.Total() + core_wait; }
  // Bubble() / step time, from 0 to 1.
  double BubbleRatio() const {
    const double step = static_cast<double>(busy + Bubble());
    return step > 0 ? static_cast<double>(Bubble()) / step : 0.0;
  }
};

struct StepReport {
  Nanos step_time = 0;  // the makespan, in nanoseconds
  // Bubble() of all devices / (devices × step time), from 0 to 1.
  double bubble_ratio = 0;
  // (s − work) / s of the device with the longest span s, from 0 to 1. Unlike bubble_ratio it leaves out the stagger of
  // fill and drain. Source: Qi et al. 2024, section 5.2; the zero-bubble papers report it.
  double span_bubble_ratio = 0;
  std::vector<DeviceReport> devices;  // [device]
};

// The share of all devices' time in collectives in which they computed or were idle for another cause, from 0 to 1; none
// if no collective takes time.
std::optional<double> HiddenCollectives(const StepReport& report);

// The largest DeviceReport::span, in nanoseconds.
Nanos LongestSpan(const StepReport& report);

// `trace` is aligned with `program`: one interval for each instruction.
StepReport Analyze(const Program& program, const Trace& trace);

}  // namespace baton

#endif  // BATON_SCHEDULES_ANALYZE_ANALYSIS_H_
