// Bubble against memory as a picture: the search's result at each memory limit, the lower bound, and each schedule of
// the catalog as a point. Used by `baton frontier`.
//
//   bubble
//    ▲ \          ● 1f1b
//    │  \___  ● zb-h1
//    │      \_________
//    └──────────────────▶ peak micro-batches
#ifndef BATON_SCHEDULES_DRAW_FRONTIER_SVG_H_
#define BATON_SCHEDULES_DRAW_FRONTIER_SVG_H_

#include <string>
#include <vector>

namespace baton {

struct FrontierPoint {
  double limit = 0;   // of activation memory, in micro-batches through a stage
  double bubble = 0;  // of the order that the search found, from 0 to 1
  double bound = 0;   // lower bound on the bubble of any order, from 0 to 1
};

struct SchedulePoint {
  std::string name;
  double peak = 0;    // live activations, in micro-batches through a stage
  double bubble = 0;  // from 0 to 1
};

struct Frontier {
  std::string title;                     // one line
  std::string bubble_name;               // "bubble" or "span bubble"
  std::string curve_name;                // legend of the searched curve
  std::vector<FrontierPoint> points;     // ascending limits, at least one
  std::vector<SchedulePoint> schedules;  // those beyond the last limit are listed below
  double enough = 0;                     // the limit above which more memory does not help
};

// A whole SVG file, 900 pixels wide. Bubbles are drawn to the scale of their square roots, so that small ones can be
// distinguished beside large ones.
std::string DrawFrontier(const Frontier& frontier);

}  // namespace baton

#endif  // BATON_SCHEDULES_DRAW_FRONTIER_SVG_H_
