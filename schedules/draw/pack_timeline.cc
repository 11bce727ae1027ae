// In the order in which page/decode.js reads:
//
//   devices p, micro-batches m, chunks
//   each device: number of its chunks, their numbers
//   each device: number of events; each: kind + 16 × chunk on the device, micro-batch − the last of that kind and chunk
//   each device: number of receives; each: from, payload + 2 × chunk on the device, micro-batch − the last one
//   each device: number of collectives; each: kind, group
//   each timeline:
//     step time
//     each device, each event:   start − the last end, duration − the last of that kind and chunk, on the path?,
//                                and if the gap is not empty: the awaited event, as device + 1 (0: none), event
//     each device: number of idle spans; each: cause, begin − the last end, length, event after it + 1 (0: none)
//     each device, each receive: start − the last start, duration − the last duration, on the path?
//     each device, each collective: as each receive
//     memory: 1 if in bytes, peak; each device: number of points; each: time and amount − the last ones
//
// Amounts are bytes, or thousandths of a micro-batch.
#include "schedules/draw/pack_timeline.h"

#include <cmath>
#include <map>
#include <vector>

#include "schedules/analyze/critical_path.h"
#include "schedules/analyze/idle.h"
#include "schedules/program/form/describe.h"
#include "schedules/program/kind.h"
#include "schedules/trace/memory_timeline.h"

namespace baton {
namespace {

// The instructions of a device that the page shows.
struct ShownDevice {
  std::vector<int32_t> events;       // of the compute lane
  std::vector<int32_t> receives;     // one for each transfer
  std::vector<int32_t> collectives;  // that take any time
  std::vector<int32_t> event_of;     // [instruction]: index into `events`; -1
};

uint64_t ChunkOnDevice(const DeviceProgram& device, int chunk) {
  for (size_t n = 0; n < device.chunks.size(); ++n) {
    if (device.chunks[n].chunk == chunk) return n;
  }
  return 0;
}

std::vector<ShownDevice> ChooseShown(const Program& program, absl::Span<const Trace* const> traces) {
  std::vector<ShownDevice> shown(program.devices.size());
  for (size_t device = 0; device < shown.size(); ++device) {
    const auto& instructions = program.devices[device].instructions;
    shown[device].event_of.assign(instructions.size(), -1);
    for (size_t i = 0; i < instructions.size(); ++i) {
      const Kind kind = KindOf(instructions[i].operation);
      bool takes_time = false;
      for (const Trace* trace : traces) {
        const Interval& interval = trace->devices[device][i];
        takes_time = takes_time || interval.end > interval.start;
      }
      if (kind == Kind::kRecv) shown[device].receives.push_back(static_cast<int32_t>(i));
      if (IsCollective(kind) && takes_time) shown[device].collectives.push_back(static_cast<int32_t>(i));
      if (!IsBusy(kind) || (!takes_time && !IsWork(kind))) continue;
      shown[device].event_of[i] = static_cast<int32_t>(shown[device].events.size());
      shown[device].events.push_back(static_cast<int32_t>(i));
    }
  }
  return shown;
}

// Kind and chunk of an event as one number; events with equal numbers are packed as differences from each other.
uint64_t CodeOf(const DeviceProgram& device, const Operation& operation) {
  return static_cast<uint64_t>(KindOf(operation)) + 16 * ChunkOnDevice(device, ChunkOf(operation));
}

void PackProgram(const Program& program, const std::vector<ShownDevice>& shown, NumberPacker& packer) {
  packer.Add(program.devices.size());
  packer.Add(static_cast<uint64_t>(program.num_micro_batches));
  packer.Add(static_cast<uint64_t>(program.num_chunks));
  for (const DeviceProgram& device : program.devices) {
    packer.Add(device.chunks.size());
    for (const ChunkMemory& chunk : device.chunks) packer.Add(static_cast<uint64_t>(chunk.chunk));
  }
  for (size_t index = 0; index < shown.size(); ++index) {
    const DeviceProgram& device = program.devices[index];
    packer.Add(shown[index].events.size());
    std::map<uint64_t, int64_t> last;
    for (int32_t i : shown[index].events) {
      const Operation& operation = device.instructions[i].operation;
      const uint64_t code = CodeOf(device, operation);
      packer.Add(code);
      packer.AddSigned(MicroBatchOf(operation) - last[code]);
      last[code] = MicroBatchOf(operation);
    }
  }
  for (size_t index = 0; index < shown.size(); ++index) {
    const DeviceProgram& device = program.devices[index];
    packer.Add(shown[index].receives.size());
    int64_t last = 0;
    for (int32_t i : shown[index].receives) {
      const Recv& recv = std::get<Recv>(device.instructions[i].operation);
      packer.Add(static_cast<uint64_t>(recv.peer));
      packer.Add((recv.payload == Payload::kGradient ? 1 : 0) + 2 * ChunkOnDevice(device, recv.chunk));
      packer.AddSigned(recv.micro_batch - last);
      last = recv.micro_batch;
    }
  }
  for (size_t index = 0; index < shown.size(); ++index) {
    packer.Add(shown[index].collectives.size());
    for (int32_t i : shown[index].collectives) {
      const Operation& operation = program.devices[index].instructions[i].operation;
      packer.Add(static_cast<uint64_t>(KindOf(operation)));
      packer.Add(static_cast<uint64_t>(GroupOf(operation)));
    }
  }
}

// The times of instructions in one lane or several.
void PackTimes(const std::vector<int32_t>& instructions, const std::vector<Interval>& intervals,
               const std::vector<bool>& on_path, NumberPacker& packer) {
  Nanos start = 0, duration = 0;
  for (const int32_t i : instructions) {
    const Interval& interval = intervals[i];
    packer.AddSigned(interval.start - start);
    packer.AddSigned(interval.end - interval.start - duration);
    packer.Add(on_path[i] ? 1 : 0);
    start = interval.start;
    duration = interval.end - interval.start;
  }
}

// [device][instruction]: true if it is on the critical path. A transfer is marked at its Recv.
std::vector<std::vector<bool>> OnPath(const Program& program, const Dependencies& dependencies, const Trace& trace) {
  std::vector<std::vector<bool>> on_path;
  for (const auto& intervals : trace.devices) on_path.emplace_back(intervals.size(), false);
  for (const PathSegment& segment : CriticalPath(program, dependencies, trace)) {
    if (segment.is_gap) continue;
    InstructionRef ref = segment.ref;
    const Operation& operation = program.devices[ref.device].instructions[ref.instruction].operation;
    if (std::holds_alternative<Send>(operation)) ref = dependencies.PeerOf(ref);
    on_path[ref.device][ref.instruction] = true;
  }
  return on_path;
}

void PackMemory(const Program& program, const Trace& trace, NumberPacker& packer) {
  const MemoryTimeline memory = MemoryOverTime(program, trace);
  const double scale = memory.in_bytes ? 1 : 1000;
  packer.Add(memory.in_bytes ? 1 : 0);
  packer.Add(static_cast<uint64_t>(std::llround(memory.peak * scale)));
  for (const auto& points : memory.devices) {
    packer.Add(points.size());
    Nanos time = 0;
    int64_t amount = 0;
    for (const MemoryPoint& point : points) {
      const int64_t next = std::llround(point.live * scale);
      packer.AddSigned(point.at - time);
      packer.AddSigned(next - amount);
      time = point.at;
      amount = next;
    }
  }
}

void PackTimeline(const Program& program, const Trace& trace, const Dependencies& dependencies,
                  const std::vector<ShownDevice>& shown, NumberPacker& packer) {
  const Nanos step_time = StepTimeOf(trace);
  packer.Add(static_cast<uint64_t>(step_time));
  const std::vector<std::vector<bool>> on_path = OnPath(program, dependencies, trace);
  for (int32_t index = 0; index < program.num_devices(); ++index) {
    const DeviceProgram& device = program.devices[index];
    Nanos end = 0;
    std::map<uint64_t, Nanos> last;
    for (int32_t i : shown[index].events) {
      const Interval& interval = trace.devices[index][i];
      const uint64_t code = CodeOf(device, device.instructions[i].operation);
      packer.AddSigned(interval.start - end);
      packer.AddSigned(interval.end - interval.start - last[code]);
      packer.Add(on_path[index][i] ? 1 : 0);
      if (interval.start != end) {
        const InstructionRef by = dependencies.WaitedFor(trace, {index, i});
        const int32_t event = by.instruction < 0 ? -1 : shown[by.device].event_of[by.instruction];
        packer.Add(event < 0 ? 0 : static_cast<uint64_t>(by.device) + 1);
        if (event >= 0) packer.Add(static_cast<uint64_t>(event));
      }
      last[code] = interval.end - interval.start;
      end = interval.end;
    }
  }
  for (int32_t index = 0; index < program.num_devices(); ++index) {
    const auto spans = IdleSpansOf(program.devices[index], trace.devices[index], step_time);
    packer.Add(spans.size());
    Nanos end = 0;
    for (const IdleSpan& span : spans) {
      const int32_t event = span.before < 0 ? -1 : shown[index].event_of[span.before];
      packer.Add(static_cast<uint64_t>(span.cause));
      packer.AddSigned(span.begin - end);
      packer.Add(static_cast<uint64_t>(span.end - span.begin));
      packer.Add(static_cast<uint64_t>(event + 1));
      end = span.end;
    }
  }
  for (int32_t index = 0; index < program.num_devices(); ++index) {
    PackTimes(shown[index].receives, trace.devices[index], on_path[index], packer);
  }
  for (int32_t index = 0; index < program.num_devices(); ++index) {
    PackTimes(shown[index].collectives, trace.devices[index], on_path[index], packer);
  }
  PackMemory(program, trace, packer);
}

}  // namespace

void NumberPacker::Add(uint64_t number) {
  for (; number >= 128; number >>= 7) bytes_ += static_cast<char>((number & 127) | 128);
  bytes_ += static_cast<char>(number);
}

void NumberPacker::AddSigned(int64_t number) {
  Add(number >= 0 ? 2 * static_cast<uint64_t>(number) : 2 * static_cast<uint64_t>(-(number + 1)) + 1);
}

void PackSchedule(const Program& program, absl::Span<const Trace* const> traces, const TransportModel& transport,
                  NumberPacker& packer) {
  const std::vector<ShownDevice> shown = ChooseShown(program, traces);
  PackProgram(program, shown, packer);
  const Dependencies dependencies(program, transport);
  for (const Trace* trace : traces) PackTimeline(program, *trace, dependencies, shown, packer);
}

}  // namespace baton
