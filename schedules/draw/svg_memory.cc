// A strip for each device, all to one scale: its live memory over time, with the permanent part in a darker colour.
#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/format.h"
#include "schedules/draw/svg_picture.h"
#include "schedules/trace/memory_timeline.h"

namespace baton {
namespace {

// The curve as a filled path from `bottom` up; `peak` is the top of the strip, in the unit of the points. A dense
// picture leaves out changes that no pixel shows apart.
std::string CurveOf(const std::vector<MemoryPoint>& points, double peak, double bottom, const SvgPicture& picture) {
  const SvgLayout& layout = picture.layout;
  double last = -1;
  std::string path = absl::StrCat("M", SvgNumber(kSvgLeft), " ", SvgNumber(bottom));
  for (const MemoryPoint& point : points) {
    const double x = layout.X(std::min(point.at, picture.report.step_time));
    if (layout.dense && last >= 0 && x - last < 0.5) continue;
    last = x;
    absl::StrAppend(&path, "H", SvgNumber(x), "V", SvgNumber(bottom - point.live / peak * layout.strip));
  }
  absl::StrAppend(&path, "H", SvgNumber(layout.width - kSvgRight), "V", SvgNumber(bottom), "Z");
  return path;
}

}  // namespace

double DrawMemory(double top, SvgPicture& picture) {
  const MemoryTimeline memory = MemoryOverTime(picture.program, picture.trace);
  if (memory.peak <= 0) return top;
  const SvgLayout& layout = picture.layout;
  SvgElements& elements = picture.elements;
  elements.Text(16, top + 16, "font-weight=\"bold\"", memory.in_bytes ? "memory" : "live micro-batches");
  elements.Text(layout.width - 14, top + 16, "text-anchor=\"end\" fill=\"#555\"", "peak");
  double y = top + 24;
  for (int device = 0; device < picture.program.num_devices(); ++device, y += layout.strip + 3) {
    const double bottom = y + layout.strip;
    elements.Rect(kSvgLeft, y, layout.TimeWidth(), layout.strip, "fill=\"#f1f2f4\"");
    elements.Path(CurveOf(memory.devices[device], memory.peak, bottom, picture), "fill=\"#7d8ba1\"");
    if (memory.permanent[device] > 0) {
      picture.drawn.permanent_memory = true;
      const double part = memory.permanent[device] / memory.peak * layout.strip;
      elements.Rect(kSvgLeft, bottom - part, layout.TimeWidth(), part, "fill=\"#4a5568\"");
    }
    if (layout.strip < 9 && device % 8 != 0) continue;
    double peak = 0;
    for (const MemoryPoint& point : memory.devices[device]) peak = std::max(peak, point.live);
    const std::string small = absl::StrCat("font-size=\"", SvgNumber(std::clamp(layout.strip - 2, 9.0, 11.0)), "\"");
    elements.Text(16, y + layout.strip / 2 + 4, small, absl::StrCat("device ", device));
    elements.Text(layout.width - 14, y + layout.strip / 2 + 4,
                  absl::StrCat("text-anchor=\"end\" fill=\"#555\" ", small),
                  memory.in_bytes ? FormatBytes(static_cast<Bytes>(peak)) : FormatCount(peak));
  }
  return y + 4;
}

}  // namespace baton
