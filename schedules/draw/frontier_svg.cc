// Axes, curves, points with names, and a legend; see frontier_svg.h.
#include "schedules/draw/frontier_svg.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/format.h"
#include "schedules/draw/svg_elements.h"

namespace baton {
namespace {

constexpr double kWidth = 900, kHeight = 560;
constexpr double kLeft = 76, kRight = 872, kTop = 64, kBottom = 440;
constexpr double kLabelHeight = 15;
constexpr double kLabelCharWidth = 7.2;  // about the width of the font's largest letters
constexpr char kCurveColor[] = "#1f6fb4";
constexpr char kBoundColor[] = "#8aa4b8";
constexpr char kPointColor[] = "#c2571a";

// With a white edge, so that a curve behind does not cross it out.
constexpr const char* kPointText =
    " fill=\"#8c3a0c\" stroke=\"#fff\" stroke-width=\"4\" stroke-linejoin=\"round\" paint-order=\"stroke\"";

std::string Text(double x, double y, const std::string& anchor, const std::string& more, const std::string& text) {
  return absl::StrFormat("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"%s>%s</text>\n", x, y, anchor, more,
                         EscapedXml(text));
}

class Drawing {
 public:
  explicit Drawing(const Frontier& frontier) : frontier_(frontier) {
    first_ = frontier.points.front().limit;
    last_ = std::max(frontier.points.back().limit, first_ + 1);
    for (const FrontierPoint& point : frontier.points) most_ = std::max(most_, point.bubble);
    for (const SchedulePoint& schedule : frontier.schedules) {
      if (IsInside(schedule)) most_ = std::max(most_, schedule.bubble);
    }
    most_ = std::min(1.0, 1.08 * std::max(most_, 0.01));
  }

  std::string Draw() {
    svg_ = absl::StrFormat(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" "
        "font-family=\"Helvetica, Arial, sans-serif\" font-size=\"13\" fill=\"#222\">\n"
        "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
        kWidth, kHeight, kWidth, kHeight);
    svg_ += Text(kLeft, 28, "start", " font-size=\"15\" font-weight=\"bold\"", frontier_.title);
    DrawAxes();
    DrawEnough();
    DrawCurve(&FrontierPoint::bound, kBoundColor, " stroke-dasharray=\"5 4\"", 0);
    DrawCurve(&FrontierPoint::bubble, kCurveColor, "", 3.2);
    DrawSchedules();
    DrawLegend();
    return svg_ + "</svg>\n";
  }

 private:
  // A label's box.
  struct Box {
    double left, top, right, bottom;
    bool Overlaps(const Box& other) const {
      return left < other.right && other.left < right && top < other.bottom && other.top < bottom;
    }
  };

  double X(double limit) const { return kLeft + (limit - first_) / (last_ - first_) * (kRight - kLeft - 20) + 10; }
  double Y(double bubble) const { return kBottom - std::sqrt(std::max(0.0, bubble) / most_) * (kBottom - kTop); }
  bool IsInside(const SchedulePoint& schedule) const {
    return schedule.peak >= first_ - 1e-9 && schedule.peak <= last_ + 1e-9;
  }

  void DrawAxes() {
    double previous = kBottom + 100;
    for (const double percent : {0.0, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0, 80.0, 100.0}) {
      const double y = Y(percent / 100);
      if (y < kTop - 1 || previous - y < 18) continue;
      previous = y;
      absl::StrAppendFormat(&svg_, "<path d=\"M%.1f %.1fH%.1f\" stroke=\"%s\"/>\n", kLeft, y, kRight,
                            percent == 0 ? "#222" : "#e4e4e4");
      svg_ += Text(kLeft - 8, y + 4, "end", "", absl::StrFormat("%g %%", percent));
    }
    const double step = std::max(1.0, std::ceil((last_ - first_) / 24));
    for (double limit = std::ceil(first_); limit <= last_ + 1e-9; limit += step) {
      absl::StrAppendFormat(&svg_, "<path d=\"M%.1f %.1fv5\" stroke=\"#222\"/>\n", X(limit), kBottom);
      svg_ += Text(X(limit), kBottom + 20, "middle", "", absl::StrFormat("%g", limit));
    }
    svg_ += Text((kLeft + kRight) / 2, kBottom + 42, "middle", "",
                 "peak activations of the fullest device, in micro-batches through all of its layers");
    svg_ += Text(kLeft - 60, kTop - 14, "start", "", frontier_.bubble_name + " (square-root scale)");
  }

  void DrawEnough() {
    if (frontier_.enough < first_ || frontier_.enough > last_) return;
    absl::StrAppendFormat(&svg_, "<path d=\"M%.1f %.1fV%.1f\" stroke=\"#6a9a4a\" stroke-dasharray=\"2 4\"/>\n",
                          X(frontier_.enough), kTop, kBottom);
    const bool is_left = X(frontier_.enough) < (kLeft + kRight) / 2;
    svg_ += Text(X(frontier_.enough) + (is_left ? 6 : -6), kTop + 12, is_left ? "start" : "end", " fill=\"#4b7a2e\"",
                 absl::StrFormat("%g: more does not help", frontier_.enough));
  }

  void DrawCurve(double FrontierPoint::*value, const char* color, const std::string& more, double radius) {
    std::string path;
    for (const FrontierPoint& point : frontier_.points) {
      absl::StrAppendFormat(&path, "%s%.1f %.1f", path.empty() ? "M" : "L", X(point.limit), Y(point.*value));
    }
    absl::StrAppendFormat(&svg_, "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"%s/>\n", path, color,
                          more);
    for (const FrontierPoint& point : frontier_.points) {
      if (radius == 0) break;
      absl::StrAppendFormat(&svg_, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" fill=\"%s\"/>\n", X(point.limit),
                            Y(point.*value), radius, color);
    }
  }

  // Points and their names. A name goes to the first free spot right or left of its point, then above or below.
  void DrawSchedules() {
    for (const FrontierPoint& point : frontier_.points) {
      const double x = X(point.limit), y = Y(point.bubble);
      taken_.push_back({x - 4, y - 4, x + 4, y + 4});
    }
    for (const SchedulePoint& schedule : frontier_.schedules) {
      if (!IsInside(schedule)) continue;
      const double x = X(schedule.peak), y = Y(schedule.bubble);
      taken_.push_back({x - 4, y - 4, x + 4, y + 4});
      absl::StrAppendFormat(&svg_, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4.5\" fill=\"%s\"/>\n", x, y, kPointColor);
    }
    for (const SchedulePoint& schedule : frontier_.schedules) {
      if (IsInside(schedule)) DrawName(schedule);
    }
  }

  void DrawName(const SchedulePoint& schedule) {
    const double x = X(schedule.peak), y = Y(schedule.bubble);
    const double width = kLabelCharWidth * static_cast<double>(schedule.name.size());
    for (int ring = 0; ring < 12; ++ring) {
      for (const double side : {1.0, -1.0}) {
        for (const double up : {-1.0, 1.0}) {
          const double middle = y + up * ring * kLabelHeight * 0.6;
          const double left = side > 0 ? x + 8 : x - 8 - width;
          const Box box = {left, middle - kLabelHeight / 2, left + width, middle + kLabelHeight / 2};
          if (box.left < kLeft || box.right > kWidth - 4 || box.top < kTop - 8 || box.bottom > kBottom) continue;
          if (std::any_of(taken_.begin(), taken_.end(), [&](const Box& other) { return box.Overlaps(other); }))
            continue;
          taken_.push_back(box);
          if (ring > 1) {
            absl::StrAppendFormat(&svg_, "<path d=\"M%.1f %.1fL%.1f %.1f\" stroke=\"%s\" stroke-width=\"0.6\"/>\n", x,
                                  y, side > 0 ? box.left - 1 : box.right + 1, middle, kPointColor);
          }
          svg_ +=
              Text(side > 0 ? box.left : box.right, middle + 4, side > 0 ? "start" : "end", kPointText, schedule.name);
          return;
        }
      }
    }
  }

  void DrawLegend() {
    const double y = kBottom + 68;
    const auto line = [&](double x, const char* color, const char* more) {
      absl::StrAppendFormat(&svg_, "<path d=\"M%.1f %.1fh28\" stroke=\"%s\" stroke-width=\"2\"%s/>\n", x, y - 4, color,
                            more);
    };
    line(kLeft, kCurveColor, "");
    svg_ += Text(kLeft + 36, y, "start", "", frontier_.curve_name);
    line(kLeft + 270, kBoundColor, " stroke-dasharray=\"5 4\"");
    svg_ += Text(kLeft + 306, y, "start", "", "no order within the limit has less");
    absl::StrAppendFormat(&svg_, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4.5\" fill=\"%s\"/>\n", kLeft + 570, y - 4,
                          kPointColor);
    svg_ += Text(kLeft + 582, y, "start", "", "a schedule of the catalog");
    std::string beyond;
    for (const SchedulePoint& schedule : frontier_.schedules) {
      if (IsInside(schedule)) continue;
      absl::StrAppend(&beyond, beyond.empty() ? "" : ", ", schedule.name, " (", FormatCount(schedule.peak), ": ",
                      FormatPercent(schedule.bubble), ")");
    }
    if (!beyond.empty()) svg_ += Text(kLeft, y + 24, "start", "", "outside the picture: " + beyond);
  }

  const Frontier& frontier_;
  double first_ = 0, last_ = 1;
  double most_ = 0;
  std::vector<Box> taken_;
  std::string svg_;
};

}  // namespace

std::string DrawFrontier(const Frontier& frontier) { return Drawing(frontier).Draw(); }

}  // namespace baton
