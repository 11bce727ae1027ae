// Timelines as one HTML file that needs no network: it zooms, pans, shows the instruction under the mouse, and switches
// between schedules on one time axis. Used by the commands that take --html.
//
//   HtmlSchedule schedule;
//   schedule.name = "1f1b";
//   schedule.program = &program;
//   schedule.timelines = {{"predicted", &predicted}, {"measured", &measured}};
//   BATON_ASSIGN_OR_RETURN(const std::string html, DrawHtml("a title", {schedule}));
//
// The page (schedules/draw/page/) is the same in each file. The data is one block: a description of each schedule in
// JSON, and its events as packed numbers (pack_timeline.h), compressed by zlib, in base64.
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

// One schedule with one trace, or two, the first above the second. Does not own programs and traces.
struct HtmlSchedule {
  struct Timeline {
    std::string name;  // as "predicted"; may be empty if there is only one timeline
    const Trace* trace = nullptr;
  };
  std::string name;      // as "1f1b"
  std::string subtitle;  // as "4 stages, 8 micro-batches"
  const Program* program = nullptr;
  std::vector<Timeline> timelines;
};

// Traces are aligned with their programs; `transport` is that of all of them. Errors: Internal if zlib fails.
absl::StatusOr<std::string> DrawHtml(const std::string& title, absl::Span<const HtmlSchedule> schedules,
                                     const TransportModel& transport = {});

}  // namespace baton

#endif  // BATON_SCHEDULES_DRAW_HTML_H_
