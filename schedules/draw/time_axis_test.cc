// Axes: round ticks, never too many.
#include "schedules/draw/time_axis.h"

#include <catch2/catch.hpp>

#include "base/format.h"

namespace baton {
namespace {

std::string Labels(const TimeAxis& axis) {
  std::string text;
  for (const TimeAxis::Tick& tick : axis.ticks) text += (text.empty() ? "" : " | ") + tick.label;
  return text;
}

TEST_CASE("ticks are round and labelled in one unit") {
  CHECK(Labels(MakeTimeAxis(33'000'000, 8)) == "0 | 5 ms | 10 ms | 15 ms | 20 ms | 25 ms | 30 ms");
  CHECK(Labels(MakeTimeAxis(900, 3)) == "0 | 500 ns");
  CHECK(Labels(MakeTimeAxis(2'400'000, 5)) == "0 | 0.5 ms | 1.0 ms | 1.5 ms | 2.0 ms");
  CHECK(Labels(MakeTimeAxis(7'000'000'000, 4)) == "0 | 2 s | 4 s | 6 s");
  CHECK(Labels(MakeTimeAxis(1, 10)) == "0 | 1 ns");
  CHECK(Labels(MakeTimeAxis(12'000'000, 4)) == "0 | 5 ms | 10 ms");
  CHECK(Labels(MakeTimeAxis(1'200'000'000, 5)) == "0 | 0.5 s | 1.0 s");
  CHECK(Labels(MakeTimeAxis(999'600, 2)) == "0 | 0.5 ms");
  CHECK(Labels(MakeTimeAxis(0, 10)) == "0");
}

TEST_CASE("the axis has the unit of the text beside it") {
  for (Nanos length = 1; length < 4'000'000'000'000; length = length * 3 + 1) {
    const std::string text = FormatDuration(length);
    const std::string label = MakeTimeAxis(length, 7).ticks.back().label;
    CHECK(label.substr(label.find(' ')) == text.substr(text.find(' ')));
  }
}

TEST_CASE("there are no more ticks than wanted, and at least two") {
  for (Nanos length = 1; length < 4'000'000'000'000; length = length * 3 + 1) {
    for (const double wanted : {0.0, 1.0, 4.0, 11.5}) {
      const TimeAxis axis = MakeTimeAxis(length, wanted);
      CHECK(axis.ticks.size() >= 2);
      CHECK(static_cast<double>(axis.ticks.size()) <= std::max(1.0, wanted) + 1);
      CHECK(axis.ticks.back().at <= length);
    }
  }
}

}  // namespace
}  // namespace baton
