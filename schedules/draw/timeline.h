// A timeline in plain text, one line a device, like the figures of the papers:
//
//   device 0 |0-1-2-3-......0===1===2===3===#|
//   device 1 |..0-1-2-3-..0===1===2===3===..#|
//
// A cell is a fixed span of time. An instruction starts with its micro-batch's number and is filled up with its kind's
// sign; where it is too narrow for a number, the sign alone stands. Where a cell is longer than most instructions, its
// sign says what the device mostly did in it. Used by `baton simulate`, `baton schedules` and the docs.
#ifndef BATON_SCHEDULES_DRAW_TIMELINE_H_
#define BATON_SCHEDULES_DRAW_TIMELINE_H_

#include <string>
#include <vector>

#include "schedules/program/program.h"
#include "schedules/trace/trace.h"

namespace baton {

struct TimelineOptions {
  int columns = 100;   // of cells at most; at least 1
  bool color = false;  // ANSI colours
  int devices = 4096;  // drawn at most, evenly chosen; at least 1
  bool brief = false;  // `0|0-1-…` for a device, and no legend: for catalogs, which explain the signs once
};

// `most` of the devices, as even as can be, with the first and the last; all of them if they are no more.
std::vector<int> ChooseDevices(int num_devices, int most);

// Ends with a legend of the signs that occur and the length of a cell, unless it is brief.
std::string DrawTimeline(const Program& program, const Trace& trace, const TimelineOptions& options);

}  // namespace baton

#endif  // BATON_SCHEDULES_DRAW_TIMELINE_H_
