// The picture of a frontier: every point is in it, names don't overlap, nothing is not a number.
#include "schedules/draw/frontier_svg.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace baton {
namespace {

size_t Count(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

Frontier Example() {
  Frontier frontier;
  frontier.title = "8 stages & <24> micro-batches";
  frontier.bubble_name = "bubble";
  frontier.curve_name = "zb-auto";
  for (int limit = 1; limit <= 16; ++limit) frontier.points.push_back({1.0 * limit, 0.8 / limit, 0.7 / limit});
  frontier.enough = 12;
  return frontier;
}

TEST_CASE("a frontier has its points, its schedules with names, and says what is outside") {
  Frontier frontier = Example();
  frontier.schedules = {{"1f1b", 8, 0.24}, {"zb-h1", 8, 0.16}, {"zb-h2", 15, 0.11}, {"gpipe", 24, 0.23}};
  const std::string svg = DrawFrontier(frontier);
  CHECK(absl::StartsWith(svg, "<svg "));
  CHECK(absl::EndsWith(svg, "</svg>\n"));
  CHECK(absl::StrContains(svg, "8 stages &amp; &lt;24&gt; micro-batches"));
  CHECK(Count(svg, "<circle") == 16 + 3 + 1);  // and one in the legend
  for (const char* name : {">1f1b<", ">zb-h1<", ">zb-h2<"}) CHECK(Count(svg, name) == 1);
  CHECK(absl::StrContains(svg, "outside the picture: gpipe (24: 23.0 %)"));
  CHECK(absl::StrContains(svg, "12: more does not help"));
  CHECK(Count(svg, "<text") == Count(svg, "</text>"));
  CHECK_FALSE(absl::StrContains(svg, "nan"));
}

TEST_CASE("names of schedules at one point do not overlap") {
  Frontier frontier = Example();
  for (int i = 0; i < 6; ++i) frontier.schedules.push_back({absl::StrCat("same-", i), 8, 0.2});
  const std::string svg = DrawFrontier(frontier);
  std::vector<double> heights;
  for (int i = 0; i < 6; ++i) {
    const size_t end = svg.find(absl::StrCat(">same-", i, "<"));
    REQUIRE(end != std::string::npos);
    const size_t line = svg.rfind("<text", end);
    const size_t y = svg.find("y=\"", line) + 3;
    const std::string anchor = svg.substr(svg.find("text-anchor=\"", line) + 13, 3);
    heights.push_back(std::atof(svg.c_str() + y) + (anchor == "end" ? 1e6 : 0));
  }
  std::sort(heights.begin(), heights.end());
  for (int i = 1; i < 6; ++i) CHECK(heights[i] - heights[i - 1] >= 15);
}

TEST_CASE("a single point without any bubble is a picture too") {
  Frontier frontier;
  frontier.points = {{1, 0, 0}};
  const std::string svg = DrawFrontier(frontier);
  CHECK(absl::EndsWith(svg, "</svg>\n"));
  CHECK_FALSE(absl::StrContains(svg, "nan"));
  CHECK_FALSE(absl::StrContains(svg, "inf"));
}

}  // namespace
}  // namespace baton
