// The frame of the picture: the file's head, hatchings, title and axis; the other parts are those of svg_picture.h.
#include "schedules/draw/svg.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/format.h"
#include "schedules/draw/palette.h"
#include "schedules/draw/svg_picture.h"
#include "schedules/draw/time_axis.h"

namespace baton {
namespace {

// A pattern for each cause of idle time.
std::string Hatchings() {
  std::string text = "<defs>\n";
  static constexpr const char* kLines[kNumIdleCauses] = {"<path d=\"M-1 7L7 -1M-1 1L1 -1M5 7L7 5\"/>",
                                                         "<path d=\"M-1 -1L7 7M5 -1L7 1M-1 5L1 7\"/>",
                                                         "<path d=\"M-1 7L7 -1M-1 1L1 -1M5 7L7 5\"/>",
                                                         "<path d=\"M0 1.5H6M0 4.5H6\"/>",
                                                         "<path d=\"M0 3H6M3 0V6\"/>",
                                                         "<path d=\"M1.5 0V6M4.5 0V6\"/>"};
  for (int i = 0; i < kNumIdleCauses; ++i) {
    const auto cause = static_cast<IdleCause>(i);
    absl::StrAppend(&text, "<pattern id=\"", NameOf(cause),
                    "\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\"><rect width=\"6\" height=\"6\" "
                    "fill=\"#f7f7f8\"/><g stroke=\"",
                    InkOf(cause), "\" stroke-width=\"1\">", kLines[i], "</g></pattern>\n");
  }
  return text + "</defs>\n";
}

std::string Title(const std::string& title, const SvgPicture& picture) {
  const StepReport& report = picture.report;
  return absl::StrCat("<text x=\"16\" y=\"26\" font-size=\"17\" font-weight=\"bold\">", EscapedXml(title),
                      "</text>\n<text x=\"16\" y=\"45\" fill=\"#555\">step ", FormatDuration(report.step_time),
                      ", bubble ", FormatPercent(report.bubble_ratio), ", span bubble ",
                      FormatPercent(report.span_bubble_ratio), "</text>\n<text x=\"",
                      SvgNumber(picture.layout.width - 14),
                      "\" y=\"45\" text-anchor=\"end\" fill=\"#555\">bubble</text>\n");
}

double DrawAxis(double top, SvgPicture& picture) {
  const SvgLayout& layout = picture.layout;
  const TimeAxis axis = MakeTimeAxis(picture.report.step_time, layout.TimeWidth() / 90);
  std::string line = absl::StrCat("<g stroke=\"#999\" fill=\"none\"><path d=\"M", SvgNumber(kSvgLeft), " ",
                                  SvgNumber(top + 6), "H", SvgNumber(layout.width - kSvgRight));
  for (const TimeAxis::Tick& tick : axis.ticks) {
    absl::StrAppend(&line, "M", SvgNumber(layout.X(tick.at)), " ", SvgNumber(top + 6), "v5");
  }
  picture.elements.Append(line + "\"/></g>");
  for (const TimeAxis::Tick& tick : axis.ticks) {
    picture.elements.Text(layout.X(tick.at), top + 23, "text-anchor=\"middle\" font-size=\"11\" fill=\"#555\"",
                          tick.label);
  }
  return top + 30;
}

}  // namespace

std::string DrawSvg(const Program& program, const Trace& trace, const SvgOptions& options) {
  SvgPicture picture = {program, trace, Analyze(program, trace), {}, {}, {}};
  picture.layout = MakeSvgLayout(program, trace, picture.report.step_time, options.width);
  DrawRows(picture);
  DrawCollectives(picture);
  if (!picture.layout.dense) {
    DrawTransfers(picture);
    if (options.critical_path) DrawCriticalPath(options.transport, picture);
  }
  const double rows_end = picture.layout.RowTop(program.num_devices()) - picture.layout.gap;
  const double axis_end = DrawAxis(rows_end, picture);
  const double strips_end = DrawMemory(axis_end, picture);
  const double end = DrawLegend(strips_end, picture);
  const std::string width = SvgNumber(picture.layout.width), height = SvgNumber(end);
  return absl::StrCat("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ", width, " ", height, "\" width=\"",
                      width, "\" height=\"", height,
                      "\" font-family=\"Helvetica,Arial,sans-serif\" font-size=\"12\" fill=\"#222\">\n", Hatchings(),
                      "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n", Title(options.title, picture),
                      picture.elements.xml(), "</svg>\n");
}

}  // namespace baton
