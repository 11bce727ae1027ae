// A line that shows how far a task is, for people at a terminal. Used for training, measuring and searching.
//
//   ProgressLine line("measuring layers", ProgressLine::OnStderr());
//   for (int i = 0; i < 48; ++i) {
//     line.Show(i / 48.0, absl::StrCat(i, "/48"));
//     …
//   }
//
//   measuring layers  12/48  [####............]  0:03 left
#ifndef BATON_BASE_PROGRESS_LINE_H_
#define BATON_BASE_PROGRESS_LINE_H_

#include <chrono>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

namespace baton {

// A part of a line; the one with the smallest rank is the most important.
struct LinePart {
  std::string text;  // empty: none
  int rank = 0;
};

// The parts in their order, two blanks apart (one before a parenthesis), without the least important ones where the
// line would be longer than `columns`. The most important part always stays; it is cut if it does not fit.
std::string FitLine(const std::vector<LinePart>& parts, int columns);

// As "[####............]" for a quarter. `share` is limited to 0 to 1.
std::string ProgressBar(double share);

// As "1:02:03" or "4:05".
std::string FormatClock(double seconds);

// "0:42 left", if `share` of a task took `elapsed` seconds; "?:?? left" at its beginning.
std::string TimeLeft(double elapsed, double share);

// The line of one task. Nothing is shown in the first moments, so that a short task leaves no trace; then the line is
// written over a few times a second, and removed at the end. Thread contract: one thread at a time.
class ProgressLine {
 public:
  struct Options {
    std::ostream* out = nullptr;   // not owned; null: nothing is shown
    std::function<int()> columns;  // of the terminal, now; not null if `out` is not
    double first_seconds = 0.5;    // before the first line
    double between_seconds = 0.1;  // between two lines
  };

  ProgressLine(std::string task, Options options);
  ~ProgressLine() { Clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // On standard error, if its terminal can write over a line.
  static Options OnStderr();

  // Shows that `share` (0 to 1) of the task is done, and `details`, then `more` where the line has room for it. A
  // negative share is unknown: no bar, no time left.
  void Show(double share, const std::string& details, const std::string& more = "");
  // Removes the line.
  void Clear();

 private:
  using Clock = std::chrono::steady_clock;

  const std::string task_;
  const Options options_;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point next_;
  bool is_shown_ = false;
};

}  // namespace baton

#endif  // BATON_BASE_PROGRESS_LINE_H_
