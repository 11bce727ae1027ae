// A row for each device: idle time hatched by its cause, and over it what the device computes.
#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/format.h"
#include "schedules/draw/palette.h"
#include "schedules/draw/svg_picture.h"
#include "schedules/program/form/describe.h"

namespace baton {
namespace {

// The width of a digit, as a part of the font's size, and the smallest font that can be read when the figure is
// enlarged.
constexpr double kDigitWidth = 0.56;
constexpr double kLeastFont = 4;

void DrawInstructions(int device, SvgPicture& picture) {
  const SvgLayout& layout = picture.layout;
  const double top = layout.RowTop(device);
  const double font = std::min(12.0, layout.row - 6);
  for (size_t i = 0; i < picture.trace.devices[device].size(); ++i) {
    const Operation& operation = picture.OperationAt(device, i);
    const Kind kind = KindOf(operation);
    const Interval& interval = picture.trace.devices[device][i];
    const double width = layout.Width(interval.start, interval.end);
    if (!IsBusy(kind) || width <= 0) continue;
    const int shade = picture.ShadeOf(device, operation);
    const Paint paint = PaintOf(kind, shade);
    picture.drawn.kinds.insert({kind, shade});
    picture.elements.Rect(
        layout.X(interval.start), top, width, layout.row,
        absl::StrCat("fill=\"", paint.fill, "\"", width >= 4 ? " stroke=\"#fff\" stroke-width=\"0.8\"" : ""));
    const std::string number = MicroBatchOf(operation) < 0 ? "" : absl::StrCat(MicroBatchOf(operation));
    if (number.empty() || kind == Kind::kLoad) continue;
    const double fitting = std::min(font, (width - 1) / (kDigitWidth * static_cast<double>(number.size())));
    if (fitting < kLeastFont) continue;
    picture.elements.Text(
        layout.X(interval.start) + width / 2, top + layout.row / 2 + 0.36 * fitting,
        absl::StrCat("text-anchor=\"middle\" font-size=\"", SvgNumber(fitting), "\" fill=\"", paint.text, "\""),
        number);
  }
}

// How much of a column each kind and shade fills, from 0 to 1.
using Column = std::array<std::array<double, kNumShades>, kNumKinds>;

std::vector<Column> FillColumns(int device, const SvgPicture& picture) {
  const SvgLayout& layout = picture.layout;
  const auto count = static_cast<size_t>(std::ceil(layout.TimeWidth() / kSvgColumn));
  std::vector<Column> columns(count, Column{});
  for (size_t i = 0; i < picture.trace.devices[device].size(); ++i) {
    const Operation& operation = picture.OperationAt(device, i);
    const Kind kind = KindOf(operation);
    if (!IsBusy(kind)) continue;
    const double begin = (layout.X(picture.trace.devices[device][i].start) - kSvgLeft) / kSvgColumn;
    const double end = (layout.X(picture.trace.devices[device][i].end) - kSvgLeft) / kSvgColumn;
    for (auto column = static_cast<size_t>(begin); column < count && static_cast<double>(column) < end; ++column) {
      columns[column][static_cast<int>(kind)][picture.ShadeOf(device, operation)] +=
          std::min(end, static_cast<double>(column) + 1) - std::max(begin, static_cast<double>(column));
    }
  }
  return columns;
}

// A kind and shade; kind -1: idle.
struct Look {
  int kind = -1;
  int shade = 0;
  bool operator==(const Look& other) const { return kind == other.kind && shade == other.shade; }
};

// The look that fills most of a column; idle if less than half of it is filled.
Look MostOf(const Column& column) {
  Look look;
  double most = 0, sum = 0;
  for (int kind = 0; kind < kNumKinds; ++kind) {
    for (int shade = 0; shade < kNumShades; ++shade) {
      sum += column[kind][shade];
      if (column[kind][shade] > most) {
        most = column[kind][shade];
        look = {kind, shade};
      }
    }
  }
  if (sum < 0.5) look.kind = -1;
  return look;
}

// Draws columns instead of instructions; neighbours that look alike are one rectangle.
void DrawDensely(int device, SvgPicture& picture) {
  const std::vector<Column> columns = FillColumns(device, picture);
  Look run;
  size_t run_begin = 0;
  for (size_t column = 0; column <= columns.size(); ++column) {
    const Look look = column < columns.size() ? MostOf(columns[column]) : Look{};
    if (look == run && column < columns.size()) continue;
    if (run.kind >= 0) {
      const Kind kind = static_cast<Kind>(run.kind);
      picture.drawn.kinds.insert({kind, run.shade});
      picture.elements.Rect(kSvgLeft + static_cast<double>(run_begin) * kSvgColumn, picture.layout.RowTop(device),
                            static_cast<double>(column - run_begin) * kSvgColumn, picture.layout.row,
                            absl::StrCat("fill=\"", PaintOf(kind, run.shade).fill, "\""));
    }
    run = look;
    run_begin = column;
  }
}

// The height of the lane of collectives, as a part of the gap between rows.
constexpr double kLaneHeight = 0.6;

}  // namespace

void DrawCollectives(SvgPicture& picture) {
  const SvgLayout& layout = picture.layout;
  for (int device = 0; device < picture.program.num_devices(); ++device) {
    for (size_t i = 0; i < picture.trace.devices[device].size(); ++i) {
      const Kind kind = KindOf(picture.OperationAt(device, i));
      const Interval& interval = picture.trace.devices[device][i];
      const double width = layout.Width(interval.start, interval.end);
      if (!IsCollective(kind) || width < 0.5) continue;
      picture.drawn.kinds.insert({kind, 0});
      picture.elements.Rect(layout.X(interval.start), layout.RowTop(device) + layout.row + 1, width,
                            kLaneHeight * layout.gap, absl::StrCat("fill=\"", PaintOf(kind, 0).fill, "\""));
    }
  }
}

void DrawRows(SvgPicture& picture) {
  const SvgLayout& layout = picture.layout;
  for (int device = 0; device < picture.program.num_devices(); ++device) {
    const double top = layout.RowTop(device);
    if (layout.row >= 16 || device % 8 == 0) {
      picture.elements.Text(16, top + layout.row / 2 + 4, "", absl::StrCat("device ", device));
      picture.elements.Text(layout.width - 14, top + layout.row / 2 + 4, "text-anchor=\"end\" fill=\"#555\"",
                            FormatPercent(picture.report.devices[device].BubbleRatio()));
    }
    for (const IdleSpan& span :
         IdleSpansOf(picture.program.devices[device], picture.trace.devices[device], picture.report.step_time)) {
      const double width = layout.Width(span.begin, span.end);
      if (width < (layout.dense ? 1.0 : 0.2)) continue;
      picture.drawn.causes.insert(span.cause);
      picture.elements.Rect(layout.X(span.begin), top, width, layout.row, SvgHatch(span.cause));
    }
    layout.dense ? DrawDensely(device, picture) : DrawInstructions(device, picture);
  }
}

}  // namespace baton
