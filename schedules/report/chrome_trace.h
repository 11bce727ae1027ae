// A trace as JSON in the Trace Event Format, which ui.perfetto.dev and chrome://tracing open: a process a device, a
// thread a lane, an arrow from each send to its receive. Used by `baton train` and the tools.
// Source: "Trace Event Format" (Duffin et al., Google).
#ifndef BATON_SCHEDULES_REPORT_CHROME_TRACE_H_
#define BATON_SCHEDULES_REPORT_CHROME_TRACE_H_

#include <string>

#include "schedules/program/program.h"
#include "schedules/trace/trace.h"

namespace baton {

std::string ToChromeTrace(const Program& program, const Trace& trace);

}  // namespace baton

#endif  // BATON_SCHEDULES_REPORT_CHROME_TRACE_H_
