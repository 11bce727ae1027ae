// Sums over each device's instructions and idle spans.
#include "schedules/analyze/analysis.h"

#include <algorithm>

#include "schedules/program/kind.h"
#include "schedules/program/live_micro_batches.h"

namespace baton {
namespace {

bool IsWork(const Instruction& instruction) { return IsWork(KindOf(instruction.operation)); }

DeviceReport AnalyzeDevice(const Program& program, const DeviceProgram& device, const std::vector<Interval>& intervals,
                           Nanos step_time) {
  const bool forward_only = program.forward_only;
  DeviceReport report;
  report.peak_bytes = device.arena_bytes;
  report.memory = BreakDownMemory(device);
  const auto& instructions = device.instructions;
  const auto first = std::find_if(instructions.begin(), instructions.end(), [](const auto& i) { return IsWork(i); });
  const auto last = std::find_if(instructions.rbegin(), instructions.rend(), [](const auto& i) { return IsWork(i); });
  if (first == instructions.end()) {
    for (size_t i = 0; i < instructions.size(); ++i) {
      if (std::holds_alternative<Update>(instructions[i].operation))
        report.busy += intervals[i].end - intervals[i].start;
    }
    report.idle.drain = step_time - report.busy;
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
    const Interval& interval = intervals[i];
    report.busy += interval.end - interval.start;
    if (IsWork(instructions[i])) report.work += interval.end - interval.start;
    live += LiveChange(operation, forward_only);
    peak = std::max(peak, live);
  }
  report.live_micro_batches = report.peak_micro_batches = static_cast<double>(peak) / ChunksOfStage(program, device);
  return report;
}

}  // namespace

Nanos LongestSpan(const StepReport& report) {
  Nanos span = 0;
  for (const DeviceReport& device : report.devices) span = std::max(span, device.span);
  return span;
}

StepReport Analyze(const Program& program, const Trace& trace) {
  StepReport report;
  report.step_time = StepTimeOf(trace);
  Nanos idle = 0;
  const DeviceReport* longest = nullptr;
  for (int device = 0; device < program.num_devices(); ++device) {
    report.devices.push_back(AnalyzeDevice(program, program.devices[device], trace.devices[device], report.step_time));
    idle += report.devices.back().idle.Total();
  }
  for (const DeviceReport& device : report.devices) {
    if (longest == nullptr || device.span > longest->span) longest = &device;
  }
  if (report.step_time > 0) {
    report.bubble_ratio = static_cast<double>(idle) / (static_cast<double>(report.step_time) * program.num_devices());
  }
  if (longest != nullptr && longest->span > 0) {
    report.span_bubble_ratio = static_cast<double>(longest->span - longest->work) / static_cast<double>(longest->span);
  }
  return report;
}

}  // namespace baton
