// A timeline in plain text, one line a device, like the figures of the papers:
//
//   device 0 |0-1-2-3-......0===1===2===3===#|
//   device 1 |..0-1-2-3-..0===1===2===3===..#|
//
// A cell is a fixed span of time. An instruction starts with its micro-batch's number and is filled up with its kind's
// sign; where it is too narrow for a number, the sign alone stands. Used by `baton simulate` and the docs.
#ifndef BATON_SCHEDULES_REPORT_TIMELINE_H_
#define BATON_SCHEDULES_REPORT_TIMELINE_H_

#include <string>

#include "schedules/program/program.h"
#include "schedules/trace/trace.h"

namespace baton {

struct TimelineOptions {
  int columns = 100;   // of cells at most; at least 1
  bool color = false;  // ANSI colours
};

// Ends with a legend of the signs that occur and the length of a cell.
std::string DrawTimeline(const Program& program, const Trace& trace, const TimelineOptions& options);

}  // namespace baton

#endif  // BATON_SCHEDULES_REPORT_TIMELINE_H_
