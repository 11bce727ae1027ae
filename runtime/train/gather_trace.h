// The trace of a step of all processes on one clock, in rank 0. Used by training sessions.
#ifndef BATON_RUNTIME_TRAIN_GATHER_TRACE_H_
#define BATON_RUNTIME_TRAIN_GATHER_TRACE_H_

#include <vector>

#include "absl/status/status.h"
#include "base/units.h"
#include "runtime/process/control.h"
#include "schedules/program/program.h"
#include "schedules/trace/trace.h"

namespace baton {

// All processes call it at the same time. `step_start`: when the step began here, by the steady clock; `trace` has the
// intervals of this process's devices. In rank 0 `trace` then has those of all, since the first process began: clocks
// differ by the control plane's offsets, and no transfer ends before it began. Errors: those of the control plane;
// Internal if a process sends another number of intervals than its devices have instructions.
absl::Status GatherTrace(Control& control, const Program& program, const std::vector<int>& rank_of_device,
                         Nanos step_start, Trace& trace);

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_GATHER_TRACE_H_
