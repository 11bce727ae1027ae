// A timeline in plain text, one line for each device, like the figures of the papers:
//
//   device 0 |0-1-2-3-......0===1===2===3===#|
//   device 1 |..0-1-2-3-..0===1===2===3===..#|
//
// A cell is a fixed span of time. An instruction is its micro-batch's number followed by the sign of its kind; if it is
// too narrow for the number, it is the sign only. If cells are longer than most instructions, a cell shows what the
// device mostly did in it. Used by `baton simulate`, `baton schedules` and the docs.
#ifndef BATON_SCHEDULES_DRAW_TIMELINE_H_
#define BATON_SCHEDULES_DRAW_TIMELINE_H_

#include <string>
#include <vector>

#include "schedules/program/program.h"
#include "schedules/trace/trace.h"

namespace baton {

struct TimelineOptions {
  int columns = 100;   // most cells of a line, at least 1
  bool color = false;  // ANSI colours
  int devices = 4096;  // most devices, evenly chosen; at least 1
  bool brief = false;  // lines like `0|0-1-…` and no legend, for catalogs, which explain the signs once
};

// At most `most` of the devices, evenly spaced, with the first and the last.
std::vector<int> ChooseDevices(int num_devices, int most);

// Ends with a legend of the signs that occur and the length of a cell, unless `brief`.
std::string DrawTimeline(const Program& program, const Trace& trace, const TimelineOptions& options);

}  // namespace baton

#endif  // BATON_SCHEDULES_DRAW_TIMELINE_H_
