// A timeline picture under construction: what its parts share. Each part is a function, from top to bottom of the
// picture; DrawSvg (svg.h) calls them.
//
//   title
//   device 0 │▇▇▇▇ ▇▇▇▇ ▇▇▇│ bubble      DrawRows, and below it DrawCollectives (svg_rows.cc)
//            │   ╲    ╲    │             DrawTransfers, DrawCriticalPath (svg_transfers.cc)
//   device 1 │     ▇▇▇▇ ▇▇▇│ bubble
//            └──┴────┴────┴┘             DrawAxis (svg.cc)
//   device 0 │▁▂▃▃▂▁       │ peak        DrawMemory (svg_memory.cc)
//   ▇ forward  ▇ backward  …             DrawLegend (svg_legend.cc)
#ifndef BATON_SCHEDULES_DRAW_SVG_PICTURE_H_
#define BATON_SCHEDULES_DRAW_SVG_PICTURE_H_

#include <set>
#include <string>
#include <utility>

#include "schedules/analyze/analysis.h"
#include "schedules/analyze/idle.h"
#include "schedules/draw/svg_elements.h"
#include "schedules/program/kind.h"
#include "schedules/program/program.h"
#include "schedules/program/transport_model.h"
#include "schedules/trace/trace.h"

namespace baton {

// Margins beside the rows, for names and numbers; in pixels.
inline constexpr double kSvgLeft = 78, kSvgRight = 84, kSvgTop = 58;
// Means of instructions below this width are drawn densely; also the width of a column there. In pixels.
inline constexpr double kSvgColumn = 1.5;

// Positions and sizes, in pixels.
struct SvgLayout {
  double width = 0;    // of the picture
  double row = 0;      // height of a device's row
  double gap = 0;      // between rows
  double strip = 0;    // height of a device's memory strip
  double scale = 0;    // pixels a nanosecond
  bool dense = false;  // too many instructions to draw each

  double X(Nanos time) const { return kSvgLeft + scale * static_cast<double>(time); }
  double Width(Nanos begin, Nanos end) const { return scale * static_cast<double>(end - begin); }
  double RowTop(int device) const { return kSvgTop + device * (row + gap); }
  double TimeWidth() const { return width - kSvgLeft - kSvgRight; }
};

// `width` of the picture in pixels, at least 400.
SvgLayout MakeSvgLayout(const Program& program, const Trace& trace, Nanos step_time, double width);

// The things that the parts have drawn and the legend must explain.
struct SvgDrawn {
  std::set<std::pair<Kind, int>> kinds;  // with shades
  std::set<IdleCause> causes;
  bool arrows = false;
  bool critical_path = false;
  bool permanent_memory = false;
};

// `program` and `trace` must outlive it.
struct SvgPicture {
  const Program& program;
  const Trace& trace;
  StepReport report;
  SvgLayout layout;
  SvgElements elements;
  SvgDrawn drawn;

  const Operation& OperationAt(int device, size_t instruction) const {
    return program.devices[device].instructions[instruction].operation;
  }
  // The n-th chunk of a device has the n-th shade, modulo kNumShades.
  int ShadeOf(int device, const Operation& operation) const;
};

// The `fill` attribute of the hatching that svg.cc defines for a cause.
std::string SvgHatch(IdleCause cause);

void DrawRows(SvgPicture& picture);
// A lane below each device's row, in the gap: its collectives that are wide enough to be seen.
void DrawCollectives(SvgPicture& picture);
// Arrows between neighbouring rows, if there are some to see but not too many.
void DrawTransfers(SvgPicture& picture);
// A line along the bottom of the instructions on the path, and the path's transfers as bold arrows. After
// DrawTransfers.
void DrawCriticalPath(const TransportModel& transport, SvgPicture& picture);
// These begin at `top` and return where they end, in pixels from the picture's top.
double DrawMemory(double top, SvgPicture& picture);
double DrawLegend(double top, SvgPicture& picture);

}  // namespace baton

#endif  // BATON_SCHEDULES_DRAW_SVG_PICTURE_H_
