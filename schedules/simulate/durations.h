// How long each instruction of a program runs, as numbers of their own: what a trace measured, and what Replay takes in
// place of a cost model.
#ifndef BATON_SCHEDULES_SIMULATE_DURATIONS_H_
#define BATON_SCHEDULES_SIMULATE_DURATIONS_H_

#include <vector>

#include "absl/status/status.h"
#include "schedules/program/program.h"
#include "schedules/trace/trace.h"

namespace baton {

// [device][instruction], in nanoseconds from an instruction's start to its end, not negative. The two sides of a
// transfer have separate durations.
using Durations = std::vector<std::vector<Nanos>>;

// The durations that `trace` shows.
Durations DurationsOf(const Trace& trace);

// Errors: InvalidArgument unless there is one duration for each instruction of the program and none is negative.
absl::Status CheckDurations(const Program& program, const Durations& durations);

}  // namespace baton

#endif  // BATON_SCHEDULES_SIMULATE_DURATIONS_H_
