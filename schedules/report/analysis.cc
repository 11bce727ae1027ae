// The gaps between compute instructions, each split by what was waited for.
#include "schedules/report/analysis.h"

#include <algorithm>

namespace baton {
namespace {

// The overlap of two intervals of time.
Nanos Overlap(Nanos begin, Nanos end, Nanos other_begin, Nanos other_end) {
  return std::max<Nanos>(0, std::min(end, other_end) - std::max(begin, other_begin));
}

// Splits the gap [begin, end) before a compute instruction by what it waited for last.
void Attribute(const DeviceProgram& device, const std::vector<Interval>& intervals, const Instruction& instruction,
               Nanos begin, Nanos end, IdleCauses& idle) {
  const Interval* latest = nullptr;
  for (int32_t wait : device.WaitsOf(instruction)) {
    if (latest == nullptr || intervals[wait].end > latest->end) latest = &intervals[wait];
  }
  if (latest == nullptr || latest->end <= begin) {
    idle.dispatch += end - begin;
    return;
  }
  const Nanos arrived = std::min(end, latest->end);
  const Nanos transfer = Overlap(begin, arrived, latest->start, latest->end);
  idle.transfer += transfer;
  idle.neighbour += arrived - begin - transfer;
  idle.dispatch += end - arrived;
}

bool IsWork(const Instruction& instruction) { return baton::IsWork(instruction.operation); }

// Change in the number of micro-batches of a chunk that are held once the operation has begun or, if negative, ended.
int HeldChange(const Operation& operation, bool forward_only) {
  if (std::holds_alternative<Forward>(operation)) return forward_only ? 0 : 1;
  if (std::holds_alternative<Backward>(operation) || std::holds_alternative<BackwardWeight>(operation)) return -1;
  return 0;
}

// How many chunks of the device make up its stage, a p-th of the model: all of them, but where there are several copies
// of the parameters the device has a stage of each.
double ChunksOfStage(const Program& program, const DeviceProgram& device) {
  if (program.copy_of_micro_batch.empty()) return static_cast<double>(std::max<size_t>(1, device.chunks.size()));
  return std::max(1.0, static_cast<double>(program.num_chunks) / program.num_devices());
}

DeviceReport AnalyzeDevice(const Program& program, const DeviceProgram& device, const std::vector<Interval>& intervals,
                           Nanos step_time) {
  const bool forward_only = program.forward_only;
  DeviceReport report;
  report.peak_bytes = device.arena_bytes;
  const auto& instructions = device.instructions;
  const auto first = std::find_if(instructions.begin(), instructions.end(), [](const auto& i) { return IsWork(i); });
  const auto last = std::find_if(instructions.rbegin(), instructions.rend(), [](const auto& i) { return IsWork(i); });
  if (first == instructions.end()) {
    for (size_t i = 0; i < instructions.size(); ++i) {
      if (std::holds_alternative<Step>(instructions[i].operation)) report.busy += intervals[i].end - intervals[i].start;
    }
    report.idle.drain = step_time - report.busy;
    return report;
  }
  const size_t first_work = first - instructions.begin();
  const size_t last_work = instructions.rend() - last - 1;
  report.span = intervals[last_work].end - intervals[first_work].start;

  Nanos free_since = 0;  // when the compute lane's last instruction ended
  int held = 0;
  int peak = forward_only ? 1 : 0;
  for (size_t i = 0; i < instructions.size(); ++i) {
    const Operation& operation = instructions[i].operation;
    if (!IsCompute(operation) || std::holds_alternative<Reduce>(operation)) continue;
    const Interval& interval = intervals[i];
    const Nanos gap = interval.start - free_since;
    if (i <= first_work) {
      report.idle.fill += gap;
    } else if (i > last_work) {
      report.idle.drain += gap;
    } else if (gap > 0) {
      Attribute(device, intervals, instructions[i], free_since, interval.start, report.idle);
    }
    free_since = interval.end;
    report.busy += interval.end - interval.start;
    if (baton::IsWork(operation)) report.work += interval.end - interval.start;
    held += HeldChange(operation, forward_only);
    peak = std::max(peak, held);
  }
  report.idle.drain += step_time - free_since;
  report.peak_micro_batches = static_cast<double>(peak) / ChunksOfStage(program, device);
  return report;
}

}  // namespace

bool IsWork(const Operation& operation) {
  return std::holds_alternative<Forward>(operation) || std::holds_alternative<Backward>(operation) ||
         std::holds_alternative<BackwardInput>(operation) || std::holds_alternative<BackwardWeight>(operation) ||
         std::holds_alternative<Recompute>(operation);
}

StepReport Analyze(const Program& program, const Trace& trace) {
  StepReport report;
  for (const auto& intervals : trace.devices) {
    for (const Interval& interval : intervals) report.step_time = std::max(report.step_time, interval.end);
  }
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
