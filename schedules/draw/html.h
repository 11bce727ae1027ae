// Timelines as one HTML file that stands alone: no network, light and dark, to zoom, pan, hover over an instruction and
// switch between schedules on one time axis. Used by the commands that take --html.
//
// The page (schedules/draw/page/) is fixed; what differs is one block of data: a description of each schedule in JSON
// and its events as packed numbers (see html.cc), compressed by zlib, in base64.
#ifndef BATON_SCHEDULES_DRAW_HTML_H_
#define BATON_SCHEDULES_DRAW_HTML_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "schedules/program/program.h"
#include "schedules/program/transport_model.h"
#include "schedules/trace/trace.h"

namespace baton {

// One schedule with one trace, or two of which the first is drawn above the second. Not owned.
struct HtmlSchedule {
  struct Timeline {
    std::string name;  // as "predicted"; may be empty where there is one
    const Trace* trace = nullptr;
  };
  std::string name;      // as "1f1b"
  std::string subtitle;  // as "4 stages, 8 micro-batches"
  const Program* program = nullptr;
  std::vector<Timeline> timelines;
};

// Traces are aligned with their programs. Errors: Internal if zlib fails.
absl::StatusOr<std::string> DrawHtml(const std::string& title, absl::Span<const HtmlSchedule> schedules,
                                     const TransportModel& transport = {});

}  // namespace baton

#endif  // BATON_SCHEDULES_DRAW_HTML_H_
