// Changes of live memory, sorted by time and summed up.
#include "schedules/trace/memory_timeline.h"

#include <algorithm>

#include "schedules/program/live_micro_batches.h"
#include "schedules/program/operands.h"

namespace baton {
namespace {

// A change of live memory.
struct Change {
  Nanos at;
  double amount;  // negative: memory becomes free
};

// The contents of a slot.
struct Contents {
  Nanos begin = -1;  // start of the instruction that wrote them; -1: nothing was written yet
  Nanos end = 0;     // end of the last instruction that reads them
};

std::vector<Change> SlotChanges(const DeviceProgram& device, const std::vector<Interval>& intervals) {
  std::vector<Change> changes;
  std::vector<Contents> contents(device.slots.size());
  auto close = [&](size_t slot) {
    if (contents[slot].begin < 0 || device.slots[slot].bytes == 0) return;
    const double bytes = static_cast<double>(device.slots[slot].bytes);
    changes.push_back({contents[slot].begin, bytes});
    changes.push_back({contents[slot].end, -bytes});
  };
  for (size_t i = 0; i < device.instructions.size(); ++i) {
    ForEachOperand(device.instructions[i].operation, [&](SlotId slot, SlotKind, Access access) {
      if (slot == kNoSlot) return;
      if (access == Access::kWrite) {
        close(slot);
        contents[slot] = {intervals[i].start, intervals[i].end};
      } else {
        contents[slot].end = std::max(contents[slot].end, intervals[i].end);
      }
    });
  }
  for (size_t slot = 0; slot < contents.size(); ++slot) close(slot);
  return changes;
}

std::vector<Change> MicroBatchChanges(const Program& program, const DeviceProgram& device,
                                      const std::vector<Interval>& intervals) {
  std::vector<Change> changes;
  const double unit = 1.0 / ChunksOfStage(program, device);
  for (size_t i = 0; i < device.instructions.size(); ++i) {
    const int change = LiveChange(device.instructions[i].operation, program.forward_only);
    if (change != 0) changes.push_back({change > 0 ? intervals[i].start : intervals[i].end, change * unit});
  }
  return changes;
}

// Points at different times, each with a different amount.
std::vector<MemoryPoint> SumUp(std::vector<Change> changes, double permanent) {
  // Changes at the same time count as one.
  std::stable_sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) { return a.at < b.at; });
  std::vector<MemoryPoint> points = {{0, permanent}};
  double live = permanent;
  for (size_t i = 0; i < changes.size(); ++i) {
    live += changes[i].amount;
    if (i + 1 < changes.size() && changes[i + 1].at == changes[i].at) continue;
    if (changes[i].at <= 0) {
      points.back().live = live;
    } else if (live != points.back().live) {
      points.push_back({changes[i].at, live});
    }
  }
  return points;
}

Bytes PermanentBytes(const Program& program, const DeviceProgram& device) {
  Bytes bytes = device.workspace_bytes;
  for (const ChunkMemory& chunk : device.chunks) {
    bytes += chunk.parameter_bytes + chunk.optimizer_bytes;
    if (chunk.gradients_offset != kNoOffset) bytes += chunk.gradient_region_bytes();
  }
  return bytes;
}

}  // namespace

MemoryTimeline MemoryOverTime(const Program& program, const Trace& trace) {
  MemoryTimeline timeline;
  for (const DeviceProgram& device : program.devices) timeline.in_bytes = timeline.in_bytes || device.arena_bytes > 0;
  for (int index = 0; index < program.num_devices(); ++index) {
    const DeviceProgram& device = program.devices[index];
    const std::vector<Interval>& intervals = trace.devices[index];
    timeline.permanent.push_back(timeline.in_bytes ? static_cast<double>(PermanentBytes(program, device)) : 0.0);
    timeline.devices.push_back(
        SumUp(timeline.in_bytes ? SlotChanges(device, intervals) : MicroBatchChanges(program, device, intervals),
              timeline.permanent.back()));
    for (const MemoryPoint& point : timeline.devices.back()) timeline.peak = std::max(timeline.peak, point.live);
  }
  return timeline;
}

}  // namespace baton
