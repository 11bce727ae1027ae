// The live memory of each device over the step: the curve under a timeline. Used by the pictures and the Chrome trace.
#ifndef BATON_SCHEDULES_TRACE_MEMORY_TIMELINE_H_
#define BATON_SCHEDULES_TRACE_MEMORY_TIMELINE_H_

#include <vector>

#include "schedules/program/program.h"
#include "schedules/trace/trace.h"

namespace baton {

// The live memory from `at` until the next point.
struct MemoryPoint {
  Nanos at = 0;     // since the step began
  double live = 0;  // bytes or micro-batches, at least 0
};

struct MemoryTimeline {
  // True: amounts are bytes. False, if the program has no sizes: micro-batches through a stage, as
  // DeviceReport::peak_micro_batches.
  bool in_bytes = false;
  std::vector<std::vector<MemoryPoint>> devices;  // [device]; at least one point each, the first at 0
  std::vector<double> permanent;                  // [device] live during the whole step; no point is below it
  double peak = 0;                                // the maximum over all devices
};

// Parameters, gradients, optimizer state and workspace are permanent. A buffer is live from the start of the
// instruction that writes it to the end of the last one that reads it. The sum is at most the arena's size: an arena
// has gaps, too.
MemoryTimeline MemoryOverTime(const Program& program, const Trace& trace);

}  // namespace baton

#endif  // BATON_SCHEDULES_TRACE_MEMORY_TIMELINE_H_
