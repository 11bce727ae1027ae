// A timeline as an SVG file, like the figures of the papers (Qi et al. 2024, figure 2). It has a row for each device,
// with forward, backward and weight gradients in colours and with the numbers of their micro-batches, and idle time
// hatched by cause. Transfers are arrows and the critical path is a line, where there is room. Below are the devices'
// live memory and a legend. The file needs no fonts, styles or scripts from elsewhere. Used by the commands that take
// --svg.
//
//   SvgOptions options;
//   options.title = "1f1b: 4 stages, 8 micro-batches";
//   const std::string svg = DrawSvg(program, trace, options);
#ifndef BATON_SCHEDULES_DRAW_SVG_H_
#define BATON_SCHEDULES_DRAW_SVG_H_

#include <string>

#include "schedules/program/program.h"
#include "schedules/program/transport_model.h"
#include "schedules/trace/trace.h"

namespace baton {

struct SvgOptions {
  std::string title;          // the step's time and bubble are added below it
  double width = 1200;        // pixels, at least 400
  TransportModel transport;   // that of the trace; for the critical path
  bool critical_path = true;  // false: not drawn
};

// `trace` is aligned with `program`. If the mean forward or backward is narrower than a pixel and a half, columns of
// that width show what the device mostly did, which keeps the file below some megabytes.
std::string DrawSvg(const Program& program, const Trace& trace, const SvgOptions& options);

}  // namespace baton

#endif  // BATON_SCHEDULES_DRAW_SVG_H_
