// The gaps between compute instructions, each split by the last wait to end.
#include "schedules/analyze/idle.h"

#include <algorithm>

#include "schedules/program/kind.h"

namespace baton {
namespace {

void Append(Nanos begin, Nanos end, IdleCause cause, int32_t before, std::vector<IdleSpan>& spans) {
  if (end > begin) spans.push_back({begin, end, cause, before});
}

// When the collectives ran that an instruction waits for, directly or through others: [start, end), ascending.
std::vector<Interval> CollectivesBefore(const DeviceProgram& device, const std::vector<Interval>& intervals,
                                        int32_t instruction) {
  std::vector<int32_t> found;
  const auto add_waits = [&](int32_t of) {
    for (const int32_t wait : device.WaitsOf(device.instructions[of])) {
      if (!IsCollective(device.instructions[wait].operation)) continue;
      if (std::find(found.begin(), found.end(), wait) == found.end()) found.push_back(wait);
    }
  };
  add_waits(instruction);
  for (size_t i = 0; i < found.size(); ++i) add_waits(found[i]);
  std::vector<Interval> ran;
  for (const int32_t each : found) ran.push_back(intervals[each]);
  std::sort(ran.begin(), ran.end(), [](const Interval& a, const Interval& b) { return a.start < b.start; });
  return ran;
}

// Gives the parts of [begin, end) in which a collective ran that the instruction waits for to kCollective, and the
// other parts to `cause`.
void AppendAround(const DeviceProgram& device, const std::vector<Interval>& intervals, int32_t instruction, Nanos begin,
                  Nanos end, IdleCause cause, std::vector<IdleSpan>& spans) {
  for (const Interval& ran : CollectivesBefore(device, intervals, instruction)) {
    const Nanos from = std::clamp(ran.start, begin, std::max(begin, end));
    const Nanos to = std::clamp(ran.end, from, std::max(from, end));
    Append(begin, from, cause, instruction, spans);
    Append(from, to, IdleCause::kCollective, instruction, spans);
    begin = to;
  }
  Append(begin, end, cause, instruction, spans);
}

// Splits the gap [begin, end) before an instruction: first the neighbour computes, then the data is in transit, then
// the worker is late.
void Split(const DeviceProgram& device, const std::vector<Interval>& intervals, int32_t instruction, Nanos begin,
           Nanos end, std::vector<IdleSpan>& spans) {
  const Interval* latest = nullptr;
  int32_t last_wait = -1;
  for (int32_t wait : device.WaitsOf(device.instructions[instruction])) {
    if (latest != nullptr && intervals[wait].end <= latest->end) continue;
    latest = &intervals[wait];
    last_wait = wait;
  }
  if (latest == nullptr || latest->end <= begin) {
    Append(begin, end, IdleCause::kDispatch, instruction, spans);
    return;
  }
  const Nanos arrived = std::min(end, latest->end);
  if (IsCollective(device.instructions[last_wait].operation)) {
    AppendAround(device, intervals, instruction, begin, arrived, IdleCause::kNeighbour, spans);
    return Append(arrived, end, IdleCause::kDispatch, instruction, spans);
  }
  const Nanos departed = std::clamp(latest->start, begin, arrived);
  Append(begin, departed, IdleCause::kNeighbour, instruction, spans);
  Append(departed, arrived, IdleCause::kTransfer, instruction, spans);
  Append(arrived, end, IdleCause::kDispatch, instruction, spans);
}

}  // namespace

const char* NameOf(IdleCause cause) {
  switch (cause) {
    case IdleCause::kFill:
      return "fill";
    case IdleCause::kDrain:
      return "drain";
    case IdleCause::kNeighbour:
      return "neighbour";
    case IdleCause::kTransfer:
      return "transfer";
    case IdleCause::kCollective:
      return "collective";
    case IdleCause::kDispatch:
      return "dispatch";
  }
  return "";
}

const char* WordsFor(IdleCause cause) {
  switch (cause) {
    case IdleCause::kFill:
      return "before its first pass";
    case IdleCause::kDrain:
      return "after its last pass";
    case IdleCause::kNeighbour:
      return "a neighbour is still computing";
    case IdleCause::kTransfer:
      return "data in transit";
    case IdleCause::kCollective:
      return "waits for a collective";
    case IdleCause::kDispatch:
      return "the host is late";
  }
  return "";
}

std::vector<IdleSpan> IdleSpansOf(const DeviceProgram& device, const std::vector<Interval>& intervals,
                                  Nanos step_time) {
  const auto& instructions = device.instructions;
  const int32_t size = static_cast<int32_t>(instructions.size());
  int32_t first_work = size, last_work = -1;
  for (int32_t i = 0; i < size; ++i) {
    if (!IsWork(KindOf(instructions[i].operation))) continue;
    first_work = std::min(first_work, i);
    last_work = i;
  }
  std::vector<IdleSpan> spans;
  Nanos free_since = 0;  // when the compute lane's last instruction ended
  for (int32_t i = 0; i < size; ++i) {
    if (!IsBusy(KindOf(instructions[i].operation))) continue;
    if (last_work < 0 || i > last_work) {
      AppendAround(device, intervals, i, free_since, intervals[i].start, IdleCause::kDrain, spans);
    } else if (i <= first_work) {
      AppendAround(device, intervals, i, free_since, intervals[i].start, IdleCause::kFill, spans);
    } else {
      Split(device, intervals, i, free_since, intervals[i].start, spans);
    }
    free_since = intervals[i].end;
  }
  Append(free_since, step_time, IdleCause::kDrain, -1, spans);
  return spans;
}

}  // namespace baton
