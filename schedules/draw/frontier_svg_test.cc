// The picture of a frontier: every point is in it, names don't overlap, nothing is not a number.
#include "schedules/draw/frontier_svg.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/testing/xml.h"

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
  CHECK_FALSE(absl::StrContains(svg, "paint-order"));  // many programs do not know it, and hide the text
  CHECK(Count(svg, "<text") == Count(svg, "</text>"));
  CHECK_FALSE(absl::StrContains(svg, "nan"));
}

// A label's box, wider than the font draws it.
struct Box {
  double left, top, right, bottom;
  bool Has(double x, double y) const { return x > left && x < right && y > top && y < bottom; }
};

std::vector<Box> BoxesOf(const Frontier& frontier, const std::vector<XmlElement>& elements) {
  std::vector<Box> boxes;
  for (const XmlElement& text : ElementsOf(elements, "text")) {
    const auto& all = frontier.schedules;
    if (std::none_of(all.begin(), all.end(), [&](const SchedulePoint& each) { return each.name == text.text; }))
      continue;
    const double width = 7.2 * static_cast<double>(text.text.size());
    const double left = text.attributes.at("text-anchor") == "end" ? text.Number("x") - width : text.Number("x");
    boxes.push_back({left, text.Number("y") - 11, left + width, text.Number("y") + 3});
  }
  return boxes;
}

// Sixteen schedules, many of them beside the curve or at the plot's edge.
Frontier Crowded() {
  Frontier frontier = Example();
  for (int i = 0; i < 4; ++i) frontier.schedules.push_back({absl::StrCat("same-", i), 8, 0.2});
  for (int i = 0; i < 6; ++i) frontier.schedules.push_back({absl::StrCat("beside-", i), 3.0 + i, 0.82 / (3 + i)});
  for (int i = 0; i < 6; ++i) frontier.schedules.push_back({absl::StrCat("at-the-edge-", i), 16, 0.02 + 0.15 * i});
  return frontier;
}

TEST_CASE("names overlap neither one another nor the curves, and stay in the plot") {
  const Frontier frontier = Crowded();
  const std::vector<XmlElement> elements = ParseXml(DrawFrontier(frontier));
  const std::vector<Box> boxes = BoxesOf(frontier, elements);
  REQUIRE(boxes.size() == frontier.schedules.size());
  for (size_t i = 0; i < boxes.size(); ++i) {
    CHECK(boxes[i].left >= 76);
    CHECK(boxes[i].right <= 872.1);
    for (size_t j = 0; j < i; ++j) {
      CHECK((boxes[i].left >= boxes[j].right || boxes[j].left >= boxes[i].right || boxes[i].top >= boxes[j].bottom ||
             boxes[j].top >= boxes[i].bottom));
    }
  }
  int curves = 0;
  for (const XmlElement& path : ElementsOf(elements, "path")) {
    if (path.attributes.count("fill") == 0) continue;
    ++curves;
    // "M10.0 20.0L30.0 40.0L…": every point of the polyline, pixel by pixel.
    std::istringstream numbers(absl::StrReplaceAll(path.attributes.at("d"), {{"M", " "}, {"L", " "}}));
    double x0 = 0, y0 = 0, x1 = 0, y1 = 0;
    numbers >> x0 >> y0;
    for (; numbers >> x1 >> y1; x0 = x1, y0 = y1) {
      for (double part = 0; part <= 1; part += 0.02) {
        for (const Box& box : boxes) CHECK_FALSE(box.Has(x0 + part * (x1 - x0), y0 + part * (y1 - y0)));
      }
    }
  }
  CHECK(curves == 2);
}

TEST_CASE("a name that finds no room and schedules outside are listed, within the picture") {
  Frontier frontier = Example();
  for (int i = 0; i < 300; ++i) frontier.schedules.push_back({absl::StrCat("same-", i), 8, 0.2});
  for (int i = 0; i < 20; ++i) frontier.schedules.push_back({absl::StrCat("outside-", i), 90, 0.2});
  const std::string svg = DrawFrontier(frontier);
  const std::vector<XmlElement> elements = ParseXml(svg);
  for (const SchedulePoint& schedule : frontier.schedules) {
    CHECK((absl::StrContains(svg, ">" + schedule.name + "<") || absl::StrContains(svg, schedule.name + " (")));
  }
  CHECK(absl::StrContains(svg, "points without a name: same-"));
  CHECK(absl::StrContains(svg, "outside the picture: outside-0 (90: 20.0 %)"));
  for (const XmlElement& text : ElementsOf(elements, "text")) {
    CHECK(text.Number("y") < elements.front().Number("height"));
    CHECK(text.text.size() < 120);
  }
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
