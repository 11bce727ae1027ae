// One line over all tasks: its words, and a share that never goes back.
#include "tools/baton/overall_progress.h"

#include <catch2/catch.hpp>
#include <sstream>

namespace baton {
namespace {

ProgressLine::Options Shown(std::ostream& out, int columns) {
  ProgressLine::Options options;
  options.out = &out;
  options.columns = [columns] { return columns; };
  options.first_seconds = 0;
  options.between_seconds = 0;
  return options;
}

SearchProgress Half() {
  SearchProgress progress;
  progress.share = 0.5;
  progress.objective_ns = 1'100'000;
  progress.lower_bound_ns = 1'000'000;
  return progress;
}

// The text of the last line.
std::string Last(std::ostringstream& out) {
  const std::string all = out.str();
  return all.substr(all.rfind('\r') + 4);
}

TEST_CASE("the line names the task, its number and the state of its search") {
  std::ostringstream out;
  OverallProgress progress("comparing", "schedule", {{"gpipe", 1}, {"1f1b", 1}, {"zb-auto", 2}}, Shown(out, 200));
  progress.Begin(0);
  CHECK(Last(out) == "comparing  schedule 1 of 3: gpipe  [................]  ?:?? left");
  progress.Begin(1);
  CHECK(Last(out).find("schedule 2 of 3: 1f1b  [####............]") != std::string::npos);
  progress.Begin(2);
  CHECK(Last(out).find("schedule 3 of 3: zb-auto  [########........]") != std::string::npos);
  progress.OfSearch(0, 2)(Half());
  CHECK(Last(out).find("schedule 3 of 3: zb-auto  1.10 ms, at most 10.0 % above the shortest  [##########......]") !=
        std::string::npos);
  progress.OfSearch(1, 2)(Half());
  CHECK(Last(out).find("[##############..]") != std::string::npos);
}

TEST_CASE("80 columns have room for the task, its number, the bar and the time") {
  std::ostringstream out;
  OverallProgress progress("comparing", "schedule", {{"gpipe", 1}, {"zb-auto", 1}}, Shown(out, 80));
  progress.Begin(1);
  progress.OfSearch(0, 1)(Half());
  CHECK(Last(out).find("comparing  schedule 2 of 2: zb-auto  [############....]  0:00 left") == 0);
}

TEST_CASE("the end of a search leaves the line to the next task") {
  std::ostringstream out;
  {
    OverallProgress progress("frontier", "limit", {{"1 micro-batch", 1}, {"2 micro-batches", 1}}, Shown(out, 200));
    progress.Begin(0);
    SearchProgress done = Half();
    done.share = 1;
    done.is_done = true;
    progress.OfSearch(0, 1)(done);
    CHECK(
        Last(out).find("limit 1 of 2: 1 micro-batch  1.10 ms, at most 10.0 % above the shortest  [########........]") !=
        std::string::npos);
  }
  CHECK(Last(out).empty());  // removed with the object
}

}  // namespace
}  // namespace baton
