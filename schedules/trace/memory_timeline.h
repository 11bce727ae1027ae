// What each device holds over the step: the curve under a timeline. Used by the pictures and the Chrome trace.
#ifndef BATON_SCHEDULES_TRACE_MEMORY_TIMELINE_H_
#define BATON_SCHEDULES_TRACE_MEMORY_TIMELINE_H_

#include <vector>

#include "schedules/program/program.h"
#include "schedules/trace/trace.h"

namespace baton {

// From `at` on, until the next point.
struct MemoryPoint {
  Nanos at = 0;
  double held = 0;
};

struct MemoryTimeline {
  // Bytes; or, where the program has no sizes, micro-batches of a stage, as DeviceReport::peak_micro_batches.
  bool in_bytes = false;
  std::vector<std::vector<MemoryPoint>> devices;  // [device]; at least one point each, the first at 0
  std::vector<double> permanent;                  // [device] held all the time; the curve never goes below
  double peak = 0;                                // of all devices
};

// Bytes: parameters, gradients, optimizer state and workspace all the time; a buffer from the start of what writes it
// to the end of the last that reads it. That is no more than the arena, which also has holes.
MemoryTimeline MemoryOverTime(const Program& program, const Trace& trace);

}  // namespace baton

#endif  // BATON_SCHEDULES_TRACE_MEMORY_TIMELINE_H_
