// Axes, curves, points with names, and a legend; see frontier_svg.h.
#include "schedules/draw/frontier_svg.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/format.h"
#include "base/text_table.h"
#include "schedules/draw/svg_elements.h"

namespace baton {
namespace {

constexpr double kWidth = 900, kHeight = 540;  // without the lines below the legend
constexpr double kLineHeight = 18;
constexpr size_t kMostLineChars = 115;  // of a line below the legend
constexpr double kLeft = 76, kRight = 872, kTop = 64, kBottom = 440;
constexpr double kLabelHeight = 15;
constexpr double kLabelCharWidth = 7.2;  // about the width of the font's largest letters
constexpr double kFarthest = 150;        // of a name from its point
constexpr char kCurveColor[] = "#1f6fb4";
constexpr char kBoundColor[] = "#8aa4b8";
constexpr char kPointColor[] = "#c2571a";

constexpr char kPointText[] = " fill=\"#8c3a0c\"";

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
    DrawAxes();
    DrawEnough();
    DrawCurve(&FrontierPoint::bound, kBoundColor, " stroke-dasharray=\"5 4\"", 0);
    DrawCurve(&FrontierPoint::bubble, kCurveColor, "", 3.2);
    DrawSchedules();
    DrawLegend();
    const double height = kHeight + DrawOthers();
    return absl::StrFormat(
               "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" "
               "font-family=\"Helvetica, Arial, sans-serif\" font-size=\"13\" fill=\"#222\">\n"
               "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
               kWidth, height, kWidth, height) +
           Text(kLeft, 28, "start", " font-size=\"15\" font-weight=\"bold\"", frontier_.title) + svg_ + "</svg>\n";
  }

 private:
  // A label's box.
  struct Box {
    double left, top, right, bottom;
    bool Overlaps(const Box& other) const {
      return left < other.right && other.left < right && top < other.bottom && other.top < bottom;
    }
  };

  static double WidthOf(const std::string& label) { return kLabelCharWidth * DisplayWidth(label); }
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
    const std::string label = absl::StrFormat("%g: more does not help", frontier_.enough);
    const double x = X(frontier_.enough) + (is_left ? 6 : -6);
    svg_ += Text(x, kTop + 12, is_left ? "start" : "end", " fill=\"#4b7a2e\"", label);
    const double width = WidthOf(label);
    taken_.push_back({is_left ? x : x - width, kTop, is_left ? x + width : x, kTop + 16});
  }

  void DrawCurve(double FrontierPoint::*value, const char* color, const std::string& more, double radius) {
    std::string path;
    for (const FrontierPoint& point : frontier_.points) {
      absl::StrAppendFormat(&path, "%s%.1f %.1f", path.empty() ? "M" : "L", X(point.limit), Y(point.*value));
    }
    absl::StrAppendFormat(&svg_, "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"%s/>\n", path, color,
                          more);
    for (size_t i = 1; i < frontier_.points.size(); ++i) {
      const FrontierPoint &from = frontier_.points[i - 1], &to = frontier_.points[i];
      TakeLine(X(from.limit), Y(from.*value), X(to.limit), Y(to.*value));
    }
    for (const FrontierPoint& point : frontier_.points) {
      if (radius == 0) break;
      absl::StrAppendFormat(&svg_, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" fill=\"%s\"/>\n", X(point.limit),
                            Y(point.*value), radius, color);
    }
  }

  // Keeps names away from a line, by boxes along it.
  void TakeLine(double x0, double y0, double x1, double y1) {
    constexpr double kStep = 3;
    const int count = 1 + static_cast<int>(std::hypot(x1 - x0, y1 - y0) / kStep);
    for (int i = 0; i <= count; ++i) {
      const double x = x0 + (x1 - x0) * i / count, y = y0 + (y1 - y0) * i / count;
      taken_.push_back({x - 2, y - 2, x + 2, y + 2});
    }
  }

  // Points and their names. A name goes to the free spot in the plot that is nearest to its point; one that finds none
  // is listed below the picture.
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

  bool IsFree(const Box& box) const {
    return box.left >= kLeft && box.right <= kRight && box.top >= kTop - 8 && box.bottom <= kBottom &&
           std::none_of(taken_.begin(), taken_.end(), [&](const Box& other) { return box.Overlaps(other); });
  }

  void DrawName(const SchedulePoint& schedule) {
    const double x = X(schedule.peak), y = Y(schedule.bubble);
    const double width = WidthOf(schedule.name);
    constexpr double kNear = 8, kStep = kLabelHeight * 0.6;
    double nearest = kFarthest;
    Box best = {};
    bool is_right = true;
    for (double away = kNear; away < kFarthest; away += kStep) {
      for (double up = -kFarthest; up <= kFarthest; up += kStep) {
        for (const bool right : {true, false}) {
          const double left = right ? x + away : x - away - width, middle = y + up;
          const Box box = {left, middle - kLabelHeight / 2, left + width, middle + kLabelHeight / 2};
          const double distance = std::hypot(away, up);
          if (distance >= nearest || !IsFree(box)) continue;
          nearest = distance;
          best = box;
          is_right = right;
        }
      }
    }
    if (nearest >= kFarthest) return unnamed_.push_back(&schedule);
    taken_.push_back(best);
    const double middle = (best.top + best.bottom) / 2;
    if (nearest > kNear + 1.5 * kStep) {
      absl::StrAppendFormat(&svg_, "<path d=\"M%.1f %.1fL%.1f %.1f\" stroke=\"%s\" stroke-width=\"0.6\"/>\n", x, y,
                            is_right ? best.left - 1 : best.right + 1, middle, kPointColor);
    }
    svg_ += Text(is_right ? best.left : best.right, middle + 4, is_right ? "start" : "end", kPointText, schedule.name);
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
  }

  // The schedules that are not in the plot, in as many lines as they need. Returns their height.
  double DrawOthers() {
    std::vector<std::string> words;
    const auto add = [&](const char* begin, const SchedulePoint& schedule) {
      words.push_back(absl::StrCat(words.empty() ? begin : "", schedule.name, " (", FormatCount(schedule.peak), ": ",
                                   FormatPercent(schedule.bubble), ")"));
    };
    double height = 0;
    const auto draw = [&] {
      std::string line;
      for (size_t i = 0; i < words.size(); ++i) {
        absl::StrAppend(&line, line.empty() ? "" : " ", words[i], i + 1 < words.size() ? "," : "");
        if (i + 1 < words.size() && line.size() + words[i + 1].size() < kMostLineChars) continue;
        svg_ += Text(kLeft, kBottom + 92 + height, "start", "", line);
        height += kLineHeight;
        line.clear();
      }
      words.clear();
    };
    for (const SchedulePoint& schedule : frontier_.schedules) {
      if (!IsInside(schedule)) add("outside the picture: ", schedule);
    }
    draw();
    for (const SchedulePoint* schedule : unnamed_) add("points without a name: ", *schedule);
    draw();
    return height;
  }

  const Frontier& frontier_;
  double first_ = 0, last_ = 1;
  double most_ = 0;
  std::vector<Box> taken_;
  std::vector<const SchedulePoint*> unnamed_;
  std::string svg_;
};

}  // namespace

std::string DrawFrontier(const Frontier& frontier) { return Drawing(frontier).Draw(); }

}  // namespace baton
