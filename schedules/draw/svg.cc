// From top to bottom: title, rows with arrows between them, axis, memory strips, legend.
#include "schedules/draw/svg.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "base/format.h"
#include "base/text_table.h"
#include "schedules/analyze/analysis.h"
#include "schedules/analyze/critical_path.h"
#include "schedules/analyze/idle.h"
#include "schedules/draw/palette.h"
#include "schedules/draw/time_axis.h"
#include "schedules/program/form/describe.h"
#include "schedules/program/kind.h"
#include "schedules/trace/memory_timeline.h"

namespace baton {
namespace {

constexpr double kLeft = 78, kRight = 84, kTop = 58;
constexpr double kFewestPixels = 1.5;  // of the mean instruction, for each to be drawn alone
constexpr double kShortestArrow = 2.5;
constexpr size_t kMostArrows = 600;

std::string Escaped(const std::string& text) {
  return absl::StrReplaceAll(text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

// With at most two decimals.
std::string Number(double value) {
  std::string text = absl::StrFormat("%.2f", value);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

// What the rows and strips have in common.
class Drawing {
 public:
  Drawing(const Program& program, const Trace& trace, const SvgOptions& options)
      : program_(program), trace_(trace), options_(options), report_(Analyze(program, trace)) {
    const int devices = program.num_devices();
    width_ = std::max(400.0, options.width);
    row_ = devices <= 8 ? 30 : devices <= 16 ? 24 : devices <= 32 ? 16 : 10;
    gap_ = devices <= 16 ? 9 : devices <= 32 ? 4 : 2;
    strip_ = devices <= 8 ? 20 : devices <= 16 ? 14 : devices <= 32 ? 9 : 6;
    scale_ = (width_ - kLeft - kRight) / static_cast<double>(std::max<Nanos>(1, report_.step_time));
    size_t drawn = 0;
    double pixels = 0;
    for (int device = 0; device < devices; ++device) {
      for (size_t i = 0; i < trace.devices[device].size(); ++i) {
        if (!IsWork(KindOf(program.devices[device].instructions[i].operation))) continue;
        ++drawn;
        pixels += Width(trace.devices[device][i].start, trace.devices[device][i].end);
      }
    }
    dense_ = drawn > 0 && pixels / static_cast<double>(drawn) < kFewestPixels;
  }

  std::string Draw() {
    DrawRows();
    if (!dense_) DrawArrows();
    if (!dense_ && options_.critical_path) DrawPath();
    const double rows_end = RowTop(program_.num_devices()) - gap_;
    const double axis_end = DrawAxis(rows_end);
    const double strips_end = DrawMemory(axis_end);
    const double end = DrawLegend(strips_end);
    return absl::StrCat("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ", Number(width_), " ", Number(end),
                        "\" width=\"", Number(width_), "\" height=\"", Number(end),
                        "\" font-family=\"Helvetica,Arial,sans-serif\" font-size=\"12\" fill=\"#222\">\n",
                        Definitions(), "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n", Title(), body_,
                        "</svg>\n");
  }

 private:
  double X(Nanos time) const { return kLeft + scale_ * static_cast<double>(time); }
  double Width(Nanos begin, Nanos end) const { return scale_ * static_cast<double>(end - begin); }
  double RowTop(int device) const { return kTop + device * (row_ + gap_); }
  const Operation& OperationAt(int device, size_t i) const {
    return program_.devices[device].instructions[i].operation;
  }

  // The n-th chunk of a device has the n-th shade.
  int ShadeOf(int device, const Operation& operation) const {
    const auto& chunks = program_.devices[device].chunks;
    for (size_t n = 0; n < chunks.size(); ++n) {
      if (chunks[n].chunk == ChunkOf(operation)) return static_cast<int>(n) % kNumShades;
    }
    return 0;
  }

  void Rect(double x, double y, double width, double height, const std::string& attributes) {
    absl::StrAppend(&body_, "<rect x=\"", Number(x), "\" y=\"", Number(y), "\" width=\"", Number(width), "\" height=\"",
                    Number(height), "\" ", attributes, "/>\n");
  }
  void Text(double x, double y, const std::string& attributes, const std::string& text) {
    absl::StrAppend(&body_, "<text x=\"", Number(x), "\" y=\"", Number(y), "\"", attributes.empty() ? "" : " ",
                    attributes, ">", Escaped(text), "</text>\n");
  }

  std::string Title() const {
    return absl::StrCat("<text x=\"16\" y=\"26\" font-size=\"17\" font-weight=\"bold\">", Escaped(options_.title),
                        "</text>\n<text x=\"16\" y=\"45\" fill=\"#555\">step ", FormatDuration(report_.step_time),
                        ", bubble ", FormatPercent(report_.bubble_ratio), ", span bubble ",
                        FormatPercent(report_.span_bubble_ratio), "</text>\n<text x=\"", Number(width_ - 14),
                        "\" y=\"45\" text-anchor=\"end\" fill=\"#555\">bubble</text>\n");
  }

  static std::string Hatch(IdleCause cause) { return absl::StrCat("fill=\"url(#", NameOf(cause), ")\""); }

  std::string Definitions() const {
    std::string text = "<defs>\n";
    static constexpr const char* kLines[kNumIdleCauses] = {
        "<path d=\"M-1 7L7 -1M-1 1L1 -1M5 7L7 5\"/>", "<path d=\"M-1 -1L7 7M5 -1L7 1M-1 5L1 7\"/>",
        "<path d=\"M-1 7L7 -1M-1 1L1 -1M5 7L7 5\"/>", "<path d=\"M0 1.5H6M0 4.5H6\"/>",
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

  void DrawRows() {
    for (int device = 0; device < program_.num_devices(); ++device) {
      const double top = RowTop(device);
      if (row_ >= 16 || device % 8 == 0) {
        Text(16, top + row_ / 2 + 4, "", absl::StrCat("device ", device));
        Text(width_ - 14, top + row_ / 2 + 4, "text-anchor=\"end\" fill=\"#555\"",
             FormatPercent(report_.devices[device].BubbleRatio()));
      }
      for (const IdleSpan& span : IdleSpansOf(program_.devices[device], trace_.devices[device], report_.step_time)) {
        if (Width(span.begin, span.end) < (dense_ ? 1.0 : 0.2)) continue;
        causes_.insert(span.cause);
        Rect(X(span.begin), top, Width(span.begin, span.end), row_, Hatch(span.cause));
      }
      dense_ ? DrawDensely(device) : DrawInstructions(device);
    }
  }

  void DrawInstructions(int device) {
    const double top = RowTop(device);
    const double font = std::min(12.0, row_ - 6);
    for (size_t i = 0; i < trace_.devices[device].size(); ++i) {
      const Operation& operation = OperationAt(device, i);
      const Kind kind = KindOf(operation);
      const Interval& interval = trace_.devices[device][i];
      const double width = Width(interval.start, interval.end);
      if (!IsBusy(kind) || width <= 0) continue;
      const int shade = ShadeOf(device, operation);
      const Paint paint = PaintOf(kind, shade);
      kinds_.insert({kind, shade});
      Rect(X(interval.start), top, width, row_,
           absl::StrCat("fill=\"", paint.fill, "\"", width >= 4 ? " stroke=\"#fff\" stroke-width=\"0.8\"" : ""));
      const std::string number = MicroBatchOf(operation) < 0 ? "" : absl::StrCat(MicroBatchOf(operation));
      if (number.empty() || kind == Kind::kLoad) continue;
      if (font < 7 || width < 0.6 * font * static_cast<double>(number.size()) + 2) continue;
      Text(X(interval.start) + width / 2, top + row_ / 2 + 0.36 * font,
           absl::StrCat("text-anchor=\"middle\" font-size=\"", Number(font), "\" fill=\"", paint.text, "\""), number);
    }
  }

  // A column a pixel and a half: the kind and shade that filled most of it, in runs.
  void DrawDensely(int device) {
    const auto columns = static_cast<size_t>(std::ceil((width_ - kLeft - kRight) / kFewestPixels));
    using Share = std::array<std::array<double, kNumShades>, kNumKinds>;
    std::vector<Share> filled(columns, Share{});
    for (size_t i = 0; i < trace_.devices[device].size(); ++i) {
      const Kind kind = KindOf(OperationAt(device, i));
      if (!IsBusy(kind)) continue;
      const double begin = (X(trace_.devices[device][i].start) - kLeft) / kFewestPixels;
      const double end = (X(trace_.devices[device][i].end) - kLeft) / kFewestPixels;
      for (auto column = static_cast<size_t>(begin); column < columns && static_cast<double>(column) < end; ++column) {
        filled[column][static_cast<int>(kind)][ShadeOf(device, OperationAt(device, i))] +=
            std::min(end, static_cast<double>(column) + 1) - std::max(begin, static_cast<double>(column));
      }
    }
    int run_kind = -1, run_shade = 0;
    size_t run_begin = 0;
    for (size_t column = 0; column <= columns; ++column) {
      int kind = -1, shade = 0;
      double most = 0, sum = 0;
      for (int k = 0; column < columns && k < kNumKinds; ++k) {
        for (int s = 0; s < kNumShades; ++s) {
          sum += filled[column][k][s];
          if (filled[column][k][s] > most) most = filled[column][k][s], kind = k, shade = s;
        }
      }
      if (sum < 0.5) kind = -1;
      if (kind == run_kind && shade == run_shade && column < columns) continue;
      if (run_kind >= 0) {
        kinds_.insert({static_cast<Kind>(run_kind), run_shade});
        Rect(kLeft + static_cast<double>(run_begin) * kFewestPixels, RowTop(device),
             static_cast<double>(column - run_begin) * kFewestPixels, row_,
             absl::StrCat("fill=\"", PaintOf(static_cast<Kind>(run_kind), run_shade).fill, "\""));
      }
      run_kind = kind, run_shade = shade, run_begin = column;
    }
  }

  // From the sender's row to the next device's, where it takes long enough to be seen.
  void DrawArrow(int from, int to, const Interval& interval, const char* style) {
    const double down = to > from ? 1 : -1;
    const double y = to > from ? RowTop(from) + row_ : RowTop(from);
    const double x = X(interval.end);
    const double tip = y + down * gap_;
    absl::StrAppend(&body_, "<path d=\"M", Number(X(interval.start)), " ", Number(y), "L", Number(x), " ", Number(tip),
                    "m-4 ", Number(-2.6 * down), "L", Number(x), " ", Number(tip), "l-1.2 ", Number(-4.2 * down), "\" ",
                    style, "/>\n");
  }

  // Calls draw(from, to, interval, ref) for each Recv from a neighbouring row that is wide enough.
  template <typename Visit>
  void ForEachArrow(Visit visit) const {
    if (gap_ < 6) return;
    for (int to = 0; to < program_.num_devices(); ++to) {
      for (size_t i = 0; i < trace_.devices[to].size(); ++i) {
        const Recv* recv = std::get_if<Recv>(&OperationAt(to, i));
        if (recv == nullptr || std::abs(recv->peer - to) != 1) continue;
        const Interval& interval = trace_.devices[to][i];
        if (Width(interval.start, interval.end) >= kShortestArrow) visit(recv->peer, to, interval);
      }
    }
  }

  void DrawArrows() {
    size_t count = 0;
    ForEachArrow([&](int, int, const Interval&) { ++count; });
    if (count == 0 || count > kMostArrows) return;
    has_arrows_ = true;
    absl::StrAppend(&body_, "<g fill=\"none\" stroke=\"#777\" stroke-width=\"0.9\">\n");
    ForEachArrow([&](int from, int to, const Interval& interval) { DrawArrow(from, to, interval, ""); });
    absl::StrAppend(&body_, "</g>\n");
  }

  // A line along the bottom of what is on the path, and the path's transfers once more.
  void DrawPath() {
    const auto path = CriticalPath(program_, Dependencies(program_, options_.transport), trace_);
    for (const PathSegment& segment : path) {
      const Operation& operation = OperationAt(segment.ref.device, segment.ref.instruction);
      if (segment.is_gap) continue;
      if (!IsTransfer(KindOf(operation))) {
        const double width = Width(segment.begin, segment.end);
        if (width > 0) Rect(X(segment.begin), RowTop(segment.ref.device) + row_ - 3, width, 3, "fill=\"#c1121f\"");
        continue;
      }
      const Send* send = std::get_if<Send>(&operation);
      const int peer = send != nullptr ? send->peer : std::get<Recv>(operation).peer;
      const int from = send != nullptr ? segment.ref.device : peer;
      const int to = send != nullptr ? peer : segment.ref.device;
      if (!has_arrows_ || std::abs(from - to) != 1 || Width(segment.begin, segment.end) < kShortestArrow) continue;
      DrawArrow(from, to, {segment.begin, segment.begin, segment.end},
                "fill=\"none\" stroke=\"#c1121f\" stroke-width=\"1.6\"");
    }
  }

  double DrawAxis(double top) {
    const TimeAxis axis = MakeTimeAxis(report_.step_time, (width_ - kLeft - kRight) / 90);
    absl::StrAppend(&body_, "<g stroke=\"#999\" fill=\"none\"><path d=\"M", Number(kLeft), " ", Number(top + 6), "H",
                    Number(width_ - kRight));
    for (const TimeAxis::Tick& tick : axis.ticks) {
      absl::StrAppend(&body_, "M", Number(X(tick.at)), " ", Number(top + 6), "v5");
    }
    absl::StrAppend(&body_, "\"/></g>\n");
    for (const TimeAxis::Tick& tick : axis.ticks) {
      Text(X(tick.at), top + 23, "text-anchor=\"middle\" font-size=\"11\" fill=\"#555\"", tick.label);
    }
    return top + 30;
  }

  // A strip a device, all to one scale: what it holds, over what it holds all the time.
  double DrawMemory(double top) {
    const MemoryTimeline memory = MemoryOverTime(program_, trace_);
    if (memory.peak <= 0) return top;
    Text(16, top + 16, "font-weight=\"bold\"", memory.in_bytes ? "memory" : "micro-batches held");
    Text(width_ - 14, top + 16, "text-anchor=\"end\" fill=\"#555\"", "peak");
    double y = top + 24;
    for (int device = 0; device < program_.num_devices(); ++device, y += strip_ + 3) {
      auto height = [&](double held) { return held / memory.peak * strip_; };
      const double bottom = y + strip_;
      double peak = 0, last = -1;
      std::string path = absl::StrCat("M", Number(kLeft), " ", Number(bottom));
      for (const MemoryPoint& point : memory.devices[device]) {
        peak = std::max(peak, point.held);
        const double x = X(std::min(point.at, report_.step_time));
        // Steps that no pixel shows apart would only make the file long.
        if (dense_ && last >= 0 && x - last < 0.5) continue;
        last = x;
        absl::StrAppend(&path, "H", Number(x), "V", Number(bottom - height(point.held)));
      }
      absl::StrAppend(&path, "H", Number(width_ - kRight), "V", Number(bottom), "Z");
      Rect(kLeft, y, width_ - kLeft - kRight, strip_, "fill=\"#f1f2f4\"");
      absl::StrAppend(&body_, "<path d=\"", path, "\" fill=\"#7d8ba1\"/>\n");
      if (memory.permanent[device] > 0) {
        has_permanent_ = true;
        const double part = height(memory.permanent[device]);
        Rect(kLeft, bottom - part, width_ - kLeft - kRight, part, "fill=\"#4a5568\"");
      }
      if (strip_ < 9 && device % 8 != 0) continue;
      const std::string small = absl::StrCat("font-size=\"", Number(std::clamp(strip_ - 2, 9.0, 11.0)), "\"");
      Text(16, y + strip_ / 2 + 4, small, absl::StrCat("device ", device));
      Text(width_ - 14, y + strip_ / 2 + 4, absl::StrCat("text-anchor=\"end\" fill=\"#555\" ", small),
           memory.in_bytes ? FormatBytes(static_cast<Bytes>(peak)) : FormatCount(peak));
    }
    return y + 4;
  }

  // One entry of the legend; goes on in the next line where this one is full.
  void LegendEntry(const std::string& name, double& x, double& y, const std::string& swatch) {
    const double width = 30 + 5.8 * DisplayWidth(name) + 18;
    if (x + width > width_ - 14) x = 16, y += 22;
    absl::StrAppend(&body_, "<g transform=\"translate(", Number(x), " ", Number(y), ")\">", swatch,
                    "<text x=\"30\" y=\"12\">", Escaped(name), "</text></g>\n");
    x += width;
  }

  double DrawLegend(double top) {
    double x = 16, y = top + 12;
    auto box = [](const std::string& attributes) {
      return absl::StrCat("<rect width=\"24\" height=\"15\" ", attributes, "/>");
    };
    int most_shades = 0;
    std::set<Kind> named;
    const bool has_halves = std::any_of(kinds_.begin(), kinds_.end(),
                                        [](const auto& drawn) { return drawn.first == Kind::kBackwardInput; });
    for (const auto& [kind, shade] : kinds_) {
      most_shades = std::max(most_shades, shade + 1);
      if (kind == Kind::kLoad || !named.insert(kind).second) continue;
      // Both have one colour: a Backward is a backward-input that takes the weights' part along.
      if (kind == Kind::kBackwardInput && named.count(Kind::kBackward) > 0) continue;
      const bool both = kind == Kind::kBackward && has_halves;
      LegendEntry(both ? "backward, or its input half" : NameOf(kind), x, y,
                  box(absl::StrCat("fill=\"", PaintOf(kind, 0).fill, "\"")));
    }
    if (most_shades > 1) {
      std::string shades;
      for (int shade = 0; shade < most_shades; ++shade) {
        const double width = 24.0 / most_shades;
        absl::StrAppend(&shades, "<rect x=\"", Number(width * shade), "\" width=\"", Number(width),
                        "\" height=\"15\" fill=\"", PaintOf(Kind::kForward, shade).fill, "\"/>");
      }
      LegendEntry("darker: the device's later chunks", x, y, shades);
    }
    if (!dense_ && options_.critical_path) {
      LegendEntry("critical path", x, y, "<rect y=\"9\" width=\"24\" height=\"3\" fill=\"#c1121f\"/>");
    }
    if (has_arrows_) {
      LegendEntry("transfer", x, y,
                  "<path d=\"M2 3L20 12m-4 -.4L20 12l-2.2 -3.4\" fill=\"none\" stroke=\"#777\" stroke-width=\"0.9\"/>");
    }
    if (has_permanent_) LegendEntry("held all the time", x, y, box("fill=\"#4a5568\""));
    if (!causes_.empty()) x = 16, y += 22;
    for (IdleCause cause : causes_) {
      LegendEntry(absl::StrCat("idle: ", WordsFor(cause)), x, y, box(Hatch(cause)));
    }
    if (dense_) LegendEntry("each column: what the device mostly did", x, y, "");
    return y + 30;
  }

  const Program& program_;
  const Trace& trace_;
  const SvgOptions& options_;
  const StepReport report_;
  double width_ = 0, row_ = 0, gap_ = 0, strip_ = 0;
  double scale_ = 0;  // pixels a nanosecond
  bool dense_ = false;
  std::string body_;
  // What the legend must explain.
  std::set<std::pair<Kind, int>> kinds_;
  std::set<IdleCause> causes_;
  bool has_arrows_ = false;
  bool has_permanent_ = false;
};

}  // namespace

std::string DrawSvg(const Program& program, const Trace& trace, const SvgOptions& options) {
  return Drawing(program, trace, options).Draw();
}

}  // namespace baton
