// Instructions of devices and their waits in a simulation.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "schedules/simulate/simulation.h"

namespace baton {

absl::Status Simulation::Advance(int device) {
  const DeviceProgram& code = program_.devices[device];
  DeviceState& state = states_[device];
  std::vector<Interval>& intervals = trace_.devices[device];
  const int32_t size = static_cast<int32_t>(code.instructions.size());
  state.waits_for = -1;
  while (state.cursor < size) {
    const int32_t i = state.cursor;
    Nanos waits_end = 0;
    BATON_RETURN_IF_ERROR(FindWaitsEnd(device, i, waits_end));
    if (waits_end == kUnknown) return absl::OkStatus();
    const Instruction& instruction = code.instructions[i];
    if (!IsCompute(instruction.operation)) {
      BATON_RETURN_IF_ERROR(Exchange({device, i}, instruction.operation, waits_end));
    } else {
      Nanos duration = 0;
      BATON_RETURN_IF_ERROR(StartCompute(device, i, waits_end, duration));
      state.compute_end = intervals[i].end = intervals[i].start + duration;
    }
    ++state.cursor;
  }
  return absl::OkStatus();
}

absl::Status Simulation::AdvanceLanes(int device) {
  for (DeviceLane& lane : lanes_->Of(device)) {
    for (; lane.next < lane.instructions.size(); ++lane.next) {
      const int32_t i = lane.instructions[lane.next];
      bool goes_on = false;
      BATON_RETURN_IF_ERROR(AdvanceOne(device, i, goes_on));
      if (!goes_on) break;
    }
  }
  return absl::OkStatus();
}

absl::Status Simulation::AdvanceOne(int device, int32_t i, bool& goes_on) {
  DeviceState& state = states_[device];
  Interval& own = trace_.devices[device][i];
  const Operation& operation = program_.devices[device].instructions[i].operation;
  goes_on = true;
  if (IsCompute(operation) && own.end != kUnknown) {
    state.compute_end = own.end;
    return absl::OkStatus();
  }
  Nanos waits_end = 0;
  BATON_RETURN_IF_ERROR(FindWaitsEnd(device, i, waits_end));
  if (waits_end == kUnknown) {
    goes_on = false;
  } else if (!IsCompute(operation)) {
    BATON_RETURN_IF_ERROR(Exchange({device, i}, operation, waits_end));
  } else if (state.computes == i) {
    goes_on = false;
  } else {
    Nanos duration = 0;
    BATON_RETURN_IF_ERROR(StartCompute(device, i, waits_end, duration));
    goes_on = duration == 0;
    if (goes_on) {
      state.compute_end = own.start;
      End({device, i}, own.start);
    } else {
      state.computes = i;
      cores_->Start(device, own.start, duration);
    }
  }
  return absl::OkStatus();
}

absl::Status Simulation::FindWaitsEnd(int device, int32_t i, Nanos& end) {
  const DeviceProgram& code = program_.devices[device];
  const std::vector<Interval>& intervals = trace_.devices[device];
  const Instruction& instruction = code.instructions[i];
  if (static_cast<uint64_t>(instruction.first_wait) + instruction.num_waits > code.waits.size()) {
    return Error(
        device, i,
        absl::StrCat("names waits from ", instruction.first_wait, " to below ",
                     uint64_t{instruction.first_wait} + instruction.num_waits, "; its device has ", code.waits.size()));
  }
  end = 0;
  for (uint32_t w = instruction.first_wait; w < instruction.first_wait + instruction.num_waits; ++w) {
    const int32_t wait = code.waits[w];
    if (wait < 0 || wait >= i) {
      return Error(device, i, absl::StrCat("waits for instruction ", wait, ", which is not before it"));
    }
    if (intervals[wait].end == kUnknown) {
      states_[device].waits_for = wait;
      end = kUnknown;
      return absl::OkStatus();
    }
    end = std::max(end, intervals[wait].end);
  }
  return absl::OkStatus();
}

absl::Status Simulation::StartCompute(int device, int32_t i, Nanos waits_end, Nanos& duration) {
  duration = costs_.OfCompute({device, i});
  if (duration < 0) return Error(device, i, "names a chunk that does not exist");
  const Nanos free_at = states_[device].compute_end;
  trace_.devices[device][i] = {free_at, std::max(free_at, waits_end > 0 ? waits_end + wake_ns_ : 0), kUnknown};
  return absl::OkStatus();
}

}  // namespace baton
