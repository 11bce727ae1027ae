// Sums over each device's instructions and idle spans.
#include "schedules/analyze/analysis.h"

#include <algorithm>
#include <optional>

#include "schedules/program/kind.h"
#include "schedules/program/live_micro_batches.h"
#include "schedules/trace/core_time.h"

namespace baton {
namespace {

bool IsWork(const Instruction& instruction) { return IsWork(KindOf(instruction.operation)); }

// The time in which at least one collective of the device ran.
Nanos TimeInCollectives(const DeviceProgram& device, const std::vector<Interval>& intervals) {
  std::vector<Interval> collectives;
  for (size_t i = 0; i < intervals.size(); ++i) {
    if (IsCollective(device.instructions[i].operation)) collectives.push_back(intervals[i]);
  }
  std::sort(collectives.begin(), collectives.end(),
            [](const Interval& a, const Interval& b) { return a.start < b.start; });
  Nanos time = 0, until = 0;
  for (const Interval& interval : collectives) {
    time += std::max<Nanos>(0, interval.end - std::max(until, interval.start));
    until = std::max(until, interval.end);
  }
  return time;
}

// `core_time`: null if no cores are shared.
DeviceReport AnalyzeDevice(const Program& program, int index, const std::vector<Interval>& intervals,
                           const CoreTime* core_time, Nanos step_time) {
  const DeviceProgram& device = program.devices[index];
  const bool forward_only = program.forward_only;
  DeviceReport report;
  report.collective = TimeInCollectives(device, intervals);
  const auto add_compute = [&](size_t i) {
    const Nanos time = intervals[i].end - intervals[i].start;
    const Nanos own = core_time == nullptr ? time : std::min(time, core_time->Of(index, i));
    report.busy += own;
    report.core_wait += time - own;
    if (IsWork(device.instructions[i])) report.work += own;
  };
  report.peak_bytes = device.arena_bytes;
  report.memory = BreakDownMemory(device);
  const auto& instructions = device.instructions;
  const auto first = std::find_if(instructions.begin(), instructions.end(), [](const auto& i) { return IsWork(i); });
  const auto last = std::find_if(instructions.rbegin(), instructions.rend(), [](const auto& i) { return IsWork(i); });
  if (first == instructions.end()) {
    for (size_t i = 0; i < instructions.size(); ++i) {
      if (std::holds_alternative<Update>(instructions[i].operation)) add_compute(i);
    }
    report.idle.drain = step_time - report.busy - report.core_wait;
    return report;
  }
  const size_t first_work = first - instructions.begin();
  const size_t last_work = instructions.rend() - last - 1;
  report.span = intervals[last_work].end - intervals[first_work].start;

  for (const IdleSpan& span : IdleSpansOf(device, intervals, step_time)) {
    report.idle.Of(span.cause) += span.end - span.begin;
  }
  int live = 0;
  int peak = forward_only ? 1 : 0;
  for (size_t i = 0; i < instructions.size(); ++i) {
    const Operation& operation = instructions[i].operation;
    if (!IsCompute(operation)) continue;
    add_compute(i);
    live += LiveChange(operation, forward_only);
    peak = std::max(peak, live);
  }
  report.live_micro_batches = report.peak_micro_batches = static_cast<double>(peak) / ChunksOfStage(program, device);
  return report;
}

}  // namespace

std::optional<double> HiddenCollectives(const StepReport& report) {
  Nanos all = 0, waited = 0;
  for (const DeviceReport& device : report.devices) {
    all += device.collective;
    waited += device.idle.collective;
  }
  if (all <= 0) return std::nullopt;
  return 1 - static_cast<double>(waited) / static_cast<double>(all);
}

Nanos LongestSpan(const StepReport& report) {
  Nanos span = 0;
  for (const DeviceReport& device : report.devices) span = std::max(span, device.span);
  return span;
}

StepReport Analyze(const Program& program, const Trace& trace) {
  StepReport report;
  report.step_time = StepTimeOf(trace);
  const std::optional<CoreTime> core_time = CoreTimeOf(program, trace);
  Nanos bubble = 0;
  const DeviceReport* longest = nullptr;
  for (int device = 0; device < program.num_devices(); ++device) {
    report.devices.push_back(
        AnalyzeDevice(program, device, trace.devices[device], core_time ? &*core_time : nullptr, report.step_time));
    bubble += report.devices.back().Bubble();
  }
  for (const DeviceReport& device : report.devices) {
    if (longest == nullptr || device.span > longest->span) longest = &device;
  }
  if (report.step_time > 0) {
    report.bubble_ratio = static_cast<double>(bubble) / (static_cast<double>(report.step_time) * program.num_devices());
  }
  if (longest != nullptr && longest->span > 0) {
    report.span_bubble_ratio = static_cast<double>(longest->span - longest->work) / static_cast<double>(longest->span);
  }
  return report;
}

}  // namespace baton
