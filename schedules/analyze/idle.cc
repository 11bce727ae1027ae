// The gaps between compute instructions, each split by the last wait to end.
#include "schedules/analyze/idle.h"

#include <algorithm>

#include "schedules/program/kind.h"

namespace baton {
namespace {

void Append(Nanos begin, Nanos end, IdleCause cause, int32_t before, std::vector<IdleSpan>& spans) {
  if (end > begin) spans.push_back({begin, end, cause, before});
}

// Splits the gap [begin, end) before an instruction: first the neighbour computes, then the data is in transit, then
// the worker is late.
void Split(const DeviceProgram& device, const std::vector<Interval>& intervals, int32_t instruction, Nanos begin,
           Nanos end, std::vector<IdleSpan>& spans) {
  const Interval* latest = nullptr;
  for (int32_t wait : device.WaitsOf(device.instructions[instruction])) {
    if (latest == nullptr || intervals[wait].end > latest->end) latest = &intervals[wait];
  }
  if (latest == nullptr || latest->end <= begin) {
    Append(begin, end, IdleCause::kDispatch, instruction, spans);
    return;
  }
  const Nanos arrived = std::min(end, latest->end);
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
      Append(free_since, intervals[i].start, IdleCause::kDrain, i, spans);
    } else if (i <= first_work) {
      Append(free_since, intervals[i].start, IdleCause::kFill, i, spans);
    } else {
      Split(device, intervals, i, free_since, intervals[i].start, spans);
    }
    free_since = intervals[i].end;
  }
  Append(free_since, step_time, IdleCause::kDrain, -1, spans);
  return spans;
}

}  // namespace baton
