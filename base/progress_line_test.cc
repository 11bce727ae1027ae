// Lines that fit, bars, and a task's line from beginning to end.
#include "base/progress_line.h"

#include <catch2/catch.hpp>
#include <sstream>

#include "base/text_table.h"

namespace baton {
namespace {

TEST_CASE("a line keeps its most important parts in any width") {
  const std::vector<LinePart> parts = {{"step 1/9", 0},        {"loss 5.25", 2}, {"742 µs", 3},
                                       {"(predicted 1 s)", 4}, {"", 1},          {"0:42 left", 1}};
  CHECK(FitLine(parts, 80) == "step 1/9  loss 5.25  742 µs (predicted 1 s)  0:42 left");
  CHECK(FitLine(parts, 54) == "step 1/9  loss 5.25  742 µs (predicted 1 s)  0:42 left");
  CHECK(FitLine(parts, 53) == "step 1/9  loss 5.25  742 µs  0:42 left");
  CHECK(FitLine(parts, 37) == "step 1/9  loss 5.25  0:42 left");
  CHECK(FitLine(parts, 20) == "step 1/9  0:42 left");
  CHECK(FitLine(parts, 18) == "step 1/9");
  CHECK(FitLine(parts, 6) == "step 1");
  CHECK(FitLine({{"µµµ", 0}}, 2) == "µµ");
  for (int columns = 0; columns < 60; ++columns) CHECK(DisplayWidth(FitLine(parts, columns)) <= columns);
}

TEST_CASE("bars and times") {
  CHECK(ProgressBar(0) == "[................]");
  CHECK(ProgressBar(0.25) == "[####............]");
  CHECK(ProgressBar(1) == "[################]");
  CHECK(ProgressBar(7) == ProgressBar(1));
  CHECK(FormatClock(245) == "4:05");
  CHECK(FormatClock(3723) == "1:02:03");
  CHECK(TimeLeft(10, 0.25) == "0:30 left");
  CHECK(TimeLeft(10, 0) == "?:?? left");
  CHECK(TimeLeft(10, 1) == "0:00 left");
}

TEST_CASE("a task's line is written over, fits, and is removed at the end") {
  std::ostringstream out;
  int columns = 80;
  {
    ProgressLine line("measuring", {&out, [&columns] { return columns; }, /*first_seconds=*/0, /*between_seconds=*/0});
    line.Show(1, "48/48");
    CHECK(out.str() == "\r\033[Kmeasuring  48/48  [################]  0:00 left");
    columns = 22;
    out.str("");
    line.Show(1, "48/48");
    CHECK(out.str() == "\r\033[Kmeasuring  0:00 left");
    out.str("");
    columns = 80;
    line.Show(-1, "24 so far");
    CHECK(out.str() == "\r\033[Kmeasuring  24 so far");
    out.str("");
  }
  CHECK(out.str() == "\r\033[K");
}

TEST_CASE("a short task leaves no trace, and neither does one without a terminal") {
  std::ostringstream out;
  {
    ProgressLine line("measuring", {&out, [] { return 80; }, /*first_seconds=*/1e6, /*between_seconds=*/0});
    line.Show(0.5, "24/48");
    ProgressLine nowhere("measuring", {});
    nowhere.Show(0.5, "24/48");
  }
  CHECK(out.str().empty());
}

}  // namespace
}  // namespace baton
