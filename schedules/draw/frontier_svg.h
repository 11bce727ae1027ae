// Bubble against memory as a picture: what a search finds at each limit, what no order can be below, and each schedule
// of the catalog as a point. Used by `baton frontier`.
//
//   bubble
//    ▲ \          ● 1f1b
//    │  \___  ● zb-h1
//    │      \_________
//    └──────────────────▶ micro-batches held
#ifndef BATON_SCHEDULES_DRAW_FRONTIER_SVG_H_
#define BATON_SCHEDULES_DRAW_FRONTIER_SVG_H_

#include <string>
#include <vector>

namespace baton {

struct FrontierPoint {
  double limit = 0;   // micro-batches
  double bubble = 0;  // ratio, as is all below
  double bound = 0;   // no order has less
};

struct SchedulePoint {
  std::string name;
  double held = 0;  // micro-batches
  double bubble = 0;
};

struct Frontier {
  std::string title;                     // one line
  std::string bubble_name;               // "bubble" or "span bubble"
  std::string curve_name;                // of what is searched
  std::vector<FrontierPoint> points;     // ascending limits, at least one
  std::vector<SchedulePoint> schedules;  // those beyond the last limit are named below the picture
  double enough = 0;                     // the limit from which on more memory does not help
};

// A whole SVG file of fixed size. The scale of bubbles is that of their square roots, so that small ones can be told
// apart where large ones are in the picture too.
std::string DrawFrontier(const Frontier& frontier);

}  // namespace baton

#endif  // BATON_SCHEDULES_DRAW_FRONTIER_SVG_H_
