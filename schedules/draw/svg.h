// A timeline as SVG, like the figures of the papers (Qi et al. 2024, figure 2): a row a device, forward, backward and
// weight gradients in colours with their micro-batches' numbers, idle time hatched by its cause, transfers as arrows
// and the critical path as a line where there is room, and what each device holds under it. Stands alone: no fonts,
// styles or scripts from elsewhere. Used by the commands that take --svg.
#ifndef BATON_SCHEDULES_DRAW_SVG_H_
#define BATON_SCHEDULES_DRAW_SVG_H_

#include <string>

#include "schedules/program/program.h"
#include "schedules/program/transport_model.h"
#include "schedules/trace/trace.h"

namespace baton {

struct SvgOptions {
  std::string title;         // as "1f1b: 4 stages, 8 micro-batches"; the step's time and bubble are added
  double width = 1200;       // pixels, at least 400
  TransportModel transport;  // of the trace
  bool critical_path = true;
};

// `trace` is aligned with `program`. Where instructions would be narrower than a pixel and a half, each column shows
// what the device mostly did, so that the size stays below some megabytes.
std::string DrawSvg(const Program& program, const Trace& trace, const SvgOptions& options);

}  // namespace baton

#endif  // BATON_SCHEDULES_DRAW_SVG_H_
