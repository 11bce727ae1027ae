// Walks through the starts and ends of a step in the order of time; see core_time.h.
#include "schedules/trace/core_time.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

namespace baton {

CoreTime::CoreTime(const Program& program, const SharedCores& cores)
    : cores_(cores),
      are_shared_(cores.AreShared(program.num_devices())),
      processors_(cores.NumProcessors(program.num_devices())),
      begun_(program.num_devices()) {
  size_t events = 0;
  for (const DeviceProgram& device : program.devices) {
    times_.emplace_back(device.instructions.size(), 0);
    events += 2 * device.instructions.size();
  }
  if (are_shared_) events_.reserve(events);
}

void CoreTime::Read(const Program& program, const Trace& trace) {
  events_.clear();
  for (int32_t device = 0; device < program.num_devices(); ++device) {
    const auto& instructions = program.devices[device].instructions;
    for (size_t i = 0; i < instructions.size(); ++i) {
      const Interval& interval = trace.devices[device][i];
      times_[device][i] = interval.end - interval.start;
      if (!are_shared_ || interval.end <= interval.start || !IsCompute(instructions[i].operation)) continue;
      events_.push_back({interval.start, device, static_cast<int32_t>(i), false});
      events_.push_back({interval.end, device, static_cast<int32_t>(i), true});
    }
  }
  // Ends come before starts of the same time: a device runs one instruction after the other.
  std::sort(events_.begin(), events_.end(), [](const Event& a, const Event& b) {
    return std::make_tuple(a.at, !a.is_end, a.device, a.instruction) <
           std::make_tuple(b.at, !b.is_end, b.device, b.instruction);
  });
  std::fill(processors_.begin(), processors_.end(), Processor());
  for (const Event& event : events_) {
    Processor& processor = processors_[cores_.ProcessorOf(event.device)];
    if (processor.running > 0)
      processor.done += static_cast<double>(event.at - processor.now) * cores_.SpeedOf(processor.running);
    processor.now = event.at;
    processor.running += event.is_end ? -1 : 1;
    if (event.is_end) {
      times_[event.device][event.instruction] = std::llround(processor.done - begun_[event.device]);
    } else {
      begun_[event.device] = processor.done;
    }
  }
}

std::optional<CoreTime> CoreTimeOf(const Program& program, const Trace& trace) {
  if (!trace.cores.AreShared(program.num_devices())) return std::nullopt;
  std::optional<CoreTime> core_time(std::in_place, program, trace.cores);
  core_time->Read(program, trace);
  return core_time;
}

}  // namespace baton
