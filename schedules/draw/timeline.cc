// A trace scaled to columns of text.
#include "schedules/draw/timeline.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/format.h"
#include "schedules/program/form/describe.h"
#include "schedules/program/kind.h"

namespace baton {
namespace {

// How one kind of instruction is drawn.
struct Style {
  char sign;
  const char* color;  // ANSI
};
// In the order of Kind up to kUpdate; the last is for cells with forward and backward work.
constexpr int kMixedStyle = static_cast<int>(Kind::kUpdate) + 1;
constexpr int kNumStyles = kMixedStyle + 1;
constexpr std::array<Style, kNumStyles> kStyles = {{{'-', "\033[44;97m"},
                                                    {'=', "\033[42;30m"},
                                                    {'=', "\033[46;30m"},
                                                    {'~', "\033[102;30m"},
                                                    {'^', "\033[43;30m"},
                                                    {'#', "\033[100;97m"},
                                                    {'+', "\033[45;97m"}}};

// The lanes of collectives have no colours.
constexpr char kAllReduceSign = 's';
constexpr char kAllGatherSign = 'g';
constexpr char kReduceScatterSign = 'r';

char SignOfCollective(const Operation& operation) {
  if (std::holds_alternative<AllReduce>(operation)) return kAllReduceSign;
  return std::holds_alternative<AllGather>(operation) ? kAllGatherSign : kReduceScatterSign;
}

const char* NameOfStyle(int style) {
  return style == kMixedStyle ? "forward and backward" : NameOf(static_cast<Kind>(style));
}

// The style of an instruction; -1: it is not drawn.
int StyleOf(const Operation& operation) {
  const Kind kind = KindOf(operation);
  return IsWork(kind) || kind == Kind::kUpdate ? static_cast<int>(kind) : -1;
}

// One character and the style of its instruction (-1: idle).
struct Cell {
  char character = '.';
  int style = -1;
};

// Durations of the forwards and backwards that take any time.
struct WorkDurations {
  Nanos shortest = 0;
  double mean = 0;  // nanoseconds
};

WorkDurations MeasureWork(const Program& program, const Trace& trace, Nanos step_time) {
  WorkDurations durations = {step_time, 0};
  Nanos total = 0;
  int64_t count = 0;
  for (int device = 0; device < program.num_devices(); ++device) {
    const auto& instructions = program.devices[device].instructions;
    for (size_t i = 0; i < instructions.size(); ++i) {
      const Interval& interval = trace.devices[device][i];
      if (!IsWork(KindOf(instructions[i].operation)) || interval.end <= interval.start) continue;
      durations.shortest = std::min(durations.shortest, interval.end - interval.start);
      total += interval.end - interval.start;
      ++count;
    }
  }
  if (count > 0) durations.mean = static_cast<double>(total) / static_cast<double>(count);
  return durations;
}

// The smallest number of cells, up to `columns`, that gives the shortest forward or backward two cells.
int ChooseCells(Nanos shortest, Nanos step_time, int columns) {
  const double wanted = 2.0 * static_cast<double>(step_time) / static_cast<double>(std::max<Nanos>(1, shortest));
  return static_cast<int>(std::clamp(std::round(wanted), 1.0, static_cast<double>(std::max(1, columns))));
}

// For cells longer than most instructions: each cell shows what the device mostly did in it. Drawing each instruction
// would show whichever touches a cell last, a pattern that does not exist.
std::vector<Cell> DrawDensely(const DeviceProgram& device, const std::vector<Interval>& intervals, Nanos step_time,
                              int cells) {
  std::vector<std::array<double, kNumStyles>> busy(cells);  // cells' worth of each style
  for (size_t i = 0; i < device.instructions.size(); ++i) {
    const int style = StyleOf(device.instructions[i].operation);
    if (style < 0) continue;
    const double scale = static_cast<double>(cells) / static_cast<double>(step_time);
    const double begin = static_cast<double>(intervals[i].start) * scale;
    const double end = static_cast<double>(intervals[i].end) * scale;
    for (int cell = static_cast<int>(begin); cell < cells && cell < end; ++cell) {
      busy[cell][style] += std::min(end, cell + 1.0) - std::max(begin, static_cast<double>(cell));
    }
  }
  std::vector<Cell> row(cells);
  for (int cell = 0; cell < cells; ++cell) {
    double sum = 0;
    for (double part : busy[cell]) sum += part;
    if (sum < 0.5) continue;
    const auto most = std::max_element(busy[cell].begin(), busy[cell].end());
    const int style = *most > 0.8 * sum ? static_cast<int>(most - busy[cell].begin()) : kMixedStyle;
    row[cell] = {kStyles[style].sign, style};
  }
  return row;
}

std::vector<Cell> DrawDevice(const DeviceProgram& device, const std::vector<Interval>& intervals, Nanos step_time,
                             int cells) {
  std::vector<Cell> row(cells);
  auto column = [&](Nanos time) {
    return static_cast<int>(std::lround(static_cast<double>(time) * cells / static_cast<double>(step_time)));
  };
  for (size_t i = 0; i < device.instructions.size(); ++i) {
    const Operation& operation = device.instructions[i].operation;
    const int style = StyleOf(operation);
    if (style < 0) continue;
    const int begin = column(intervals[i].start);
    const int end = std::min(column(intervals[i].end), cells);
    for (int cell = begin; cell < end; ++cell) row[cell] = {kStyles[style].sign, style};
    if (MicroBatchOf(operation) < 0) continue;
    const std::string number = absl::StrCat(MicroBatchOf(operation));
    if (end - begin > static_cast<int>(number.size())) {
      for (size_t digit = 0; digit < number.size(); ++digit) row[begin + digit].character = number[digit];
    }
  }
  return row;
}

// The lane of a device's collectives; empty if none of them fills half a cell.
std::string DrawCollectives(const DeviceProgram& device, const std::vector<Interval>& intervals, Nanos step_time,
                            int cells) {
  std::string lane;
  for (size_t i = 0; i < device.instructions.size(); ++i) {
    const Operation& operation = device.instructions[i].operation;
    if (!IsCollective(operation)) continue;
    const double scale = static_cast<double>(cells) / static_cast<double>(step_time);
    const auto begin = static_cast<int>(std::lround(static_cast<double>(intervals[i].start) * scale));
    const auto end = static_cast<int>(std::lround(static_cast<double>(intervals[i].end) * scale));
    if (end <= begin) continue;
    lane.resize(cells, ' ');
    std::fill(lane.begin() + begin, lane.begin() + std::min(end, cells), SignOfCollective(operation));
  }
  return lane;
}

// The legend of the signs in the lanes: behind the rest of it, or on a line of its own if there are several signs.
std::string LegendOfCollectives(const std::string& signs) {
  std::vector<std::string> meanings;
  for (const auto& [sign, name] : {std::pair<char, const char*>{kAllReduceSign, "all-reduce"},
                                   {kReduceScatterSign, "reduce-scatter"},
                                   {kAllGatherSign, "all-gather"}}) {
    if (signs.find(sign) != std::string::npos) meanings.push_back(absl::StrCat("'", std::string(1, sign), "' ", name));
  }
  if (meanings.empty()) return "";
  return absl::StrCat(meanings.size() > 1 ? "\n" : ", ", "below: ", absl::StrJoin(meanings, ", "));
}

std::string Paint(const std::vector<Cell>& row, bool color) {
  std::string line;
  int current = -1;
  for (const Cell& cell : row) {
    if (color && cell.style != current) {
      line += cell.style < 0 ? "\033[0m" : kStyles[cell.style].color;
      current = cell.style;
    }
    line += cell.character;
  }
  if (color && current >= 0) line += "\033[0m";
  return line;
}

}  // namespace

std::vector<int> ChooseDevices(int num_devices, int most) {
  const int count = std::clamp(num_devices, 1, std::max(1, most));
  std::vector<int> devices;
  for (int i = 0; i < count; ++i) {
    devices.push_back(count == 1 ? 0 : static_cast<int>(int64_t{i} * (num_devices - 1) / (count - 1)));
  }
  return devices;
}

std::string DrawTimeline(const Program& program, const Trace& trace, const TimelineOptions& options) {
  const Nanos step_time = StepTimeOf(trace);
  if (step_time == 0) return "(nothing takes any time)\n";
  const WorkDurations work = MeasureWork(program, trace, step_time);
  const int cells = ChooseCells(work.shortest, step_time, options.columns);
  const bool dense = work.mean < static_cast<double>(step_time) / cells;
  const int label_width = static_cast<int>(absl::StrCat(program.num_devices() - 1).size());
  std::array<bool, kNumStyles> occurs = {};
  std::string signs;  // of all lanes of collectives
  std::string text;
  for (int device : ChooseDevices(program.num_devices(), options.devices)) {
    const auto row =
        (dense ? DrawDensely : DrawDevice)(program.devices[device], trace.devices[device], step_time, cells);
    for (const Cell& cell : row) {
      if (cell.style >= 0) occurs[cell.style] = true;
    }
    absl::StrAppend(&text, options.brief ? "" : "device ", absl::StrFormat("%*d", label_width, device),
                    options.brief ? "|" : " |", Paint(row, options.color), options.brief ? "\n" : "|\n");
    const std::string lane =
        options.brief ? "" : DrawCollectives(program.devices[device], trace.devices[device], step_time, cells);
    if (lane.empty()) continue;
    signs += lane;
    absl::StrAppend(&text, std::string(label_width + 8, ' '), "|", lane, "|\n");
  }
  if (options.brief) return text;
  std::string legend = dense ? "'.' mostly idle" : "'.' idle";
  for (int style = 0; style < kNumStyles; ++style) {
    if (!occurs[style]) continue;
    const Style& drawn = kStyles[style];
    absl::StrAppend(&legend, ", ", options.color ? drawn.color : "", "'", std::string(1, drawn.sign), "'",
                    options.color ? "\033[0m" : "", " ", NameOfStyle(style));
  }
  absl::StrAppend(&legend, LegendOfCollectives(signs));
  absl::StrAppend(&text, legend, dense ? "" : "; numbers are micro-batches", "; a cell is ",
                  FormatDuration(step_time / cells), "\n");
  return text;
}

}  // namespace baton
