// Transfers as arrows from the sender's row to the next device's, and the critical path along rows and arrows.
#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "schedules/analyze/critical_path.h"
#include "schedules/draw/svg_picture.h"

namespace baton {
namespace {

constexpr double kShortestArrow = 2.5;  // in pixels of time
constexpr size_t kMostArrows = 600;

void DrawArrow(int from, int to, const Interval& interval, const std::string& style, SvgPicture& picture) {
  const SvgLayout& layout = picture.layout;
  const double down = to > from ? 1 : -1;
  const double y = to > from ? layout.RowTop(from) + layout.row : layout.RowTop(from);
  const double x = layout.X(interval.end);
  const double tip = y + down * layout.gap;
  picture.elements.Path(absl::StrCat("M", SvgNumber(layout.X(interval.start)), " ", SvgNumber(y), "L", SvgNumber(x),
                                     " ", SvgNumber(tip), "m-4 ", SvgNumber(-2.6 * down), "L", SvgNumber(x), " ",
                                     SvgNumber(tip), "l-1.2 ", SvgNumber(-4.2 * down)),
                        style);
}

// Calls visit(from, to, interval) for each Recv from a neighbouring row that is wide enough.
template <typename Visit>
void ForEachArrow(const SvgPicture& picture, Visit visit) {
  if (picture.layout.gap < 6) return;
  for (int to = 0; to < picture.program.num_devices(); ++to) {
    for (size_t i = 0; i < picture.trace.devices[to].size(); ++i) {
      const Recv* recv = std::get_if<Recv>(&picture.OperationAt(to, i));
      if (recv == nullptr || std::abs(recv->peer - to) != 1) continue;
      const Interval& interval = picture.trace.devices[to][i];
      if (picture.layout.Width(interval.start, interval.end) >= kShortestArrow) visit(recv->peer, to, interval);
    }
  }
}

}  // namespace

void DrawTransfers(SvgPicture& picture) {
  size_t count = 0;
  ForEachArrow(picture, [&](int, int, const Interval&) { ++count; });
  if (count == 0 || count > kMostArrows) return;
  picture.drawn.arrows = true;
  picture.elements.BeginGroup("fill=\"none\" stroke=\"#777\" stroke-width=\"0.9\"");
  ForEachArrow(picture,
               [&](int from, int to, const Interval& interval) { DrawArrow(from, to, interval, "", picture); });
  picture.elements.EndGroup();
}

void DrawCriticalPath(const TransportModel& transport, SvgPicture& picture) {
  picture.drawn.critical_path = true;
  const SvgLayout& layout = picture.layout;
  const Dependencies dependencies(picture.program, transport);
  for (const PathSegment& segment : CriticalPath(picture.program, dependencies, picture.trace)) {
    if (segment.is_gap) continue;
    const Operation& operation = picture.OperationAt(segment.ref.device, segment.ref.instruction);
    const double width = layout.Width(segment.begin, segment.end);
    if (!IsTransfer(KindOf(operation))) {
      if (width <= 0) continue;
      picture.elements.Rect(layout.X(segment.begin), layout.RowTop(segment.ref.device) + layout.row - 3, width, 3,
                            "fill=\"#c1121f\"");
      continue;
    }
    const Send* send = std::get_if<Send>(&operation);
    const int peer = send != nullptr ? send->peer : std::get<Recv>(operation).peer;
    const int from = send != nullptr ? segment.ref.device : peer;
    const int to = send != nullptr ? peer : segment.ref.device;
    if (!picture.drawn.arrows || std::abs(from - to) != 1 || width < kShortestArrow) continue;
    DrawArrow(from, to, {segment.begin, segment.begin, segment.end},
              "fill=\"none\" stroke=\"#c1121f\" stroke-width=\"1.6\"", picture);
  }
}

}  // namespace baton
