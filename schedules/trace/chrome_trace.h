// A trace as JSON in the Trace Event Format, which ui.perfetto.dev and chrome://tracing open: a process a device,
// numbered from 1, a thread a lane, an arrow from each send to its receive, a counter for the device's live memory. It
// also carries the program, the cores that devices share and, if there is one, the prediction, so that
// read_chrome_trace.h gets everything back. Used
// by `baton train` and the tools. Source: "Trace Event Format" (Duffin et al., Google).
#ifndef BATON_SCHEDULES_TRACE_CHROME_TRACE_H_
#define BATON_SCHEDULES_TRACE_CHROME_TRACE_H_

#include <string>

#include "schedules/program/program.h"
#include "schedules/trace/trace.h"

namespace baton {

// Times are in microseconds with three decimals, so they are exact. Slices of one thread do not overlap: transfers that
// overlap are on several threads. `predicted` is a trace of the same program, whose times stand in each slice's
// arguments; null: none. `name` precedes the names of processes, so that several traces in one view can be told apart.
std::string ToChromeTrace(const Program& program, const Trace& trace, const Trace* predicted = nullptr,
                          const std::string& name = "");

}  // namespace baton

#endif  // BATON_SCHEDULES_TRACE_CHROME_TRACE_H_
