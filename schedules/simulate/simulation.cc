// The order of events in a simulation.
#include "schedules/simulate/simulation.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "schedules/program/form/describe.h"

namespace baton {

Simulation::Simulation(const Program& program, const CostModel& costs, const Durations* durations, const Lanes& lanes,
                       const TransportModel& transport)
    : program_(program),
      wake_ns_(costs.wake_ns),
      costs_(program, costs, durations),
      links_(program, lanes, costs, transport.rendezvous()),
      states_(static_cast<size_t>(program.num_devices())),
      transfers_(program, lanes),
      collectives_(program, costs) {
  if (!transport.is_default()) queues_.emplace(program, lanes, transport);
  if (durations == nullptr && costs.cores.AreShared(program.num_devices())) {
    cores_.emplace(costs.cores, program.num_devices());
    lanes_.emplace(program, transport);
  }
  trace_.cores = costs.cores;
  trace_.devices.resize(program.num_devices());
  for (int device = 0; device < program.num_devices(); ++device) {
    trace_.devices[device].assign(program.devices[device].instructions.size(), {0, 0, kUnknown});
  }
}

absl::StatusOr<Trace> Simulation::Run() {
  for (int device = program_.num_devices() - 1; device >= 0; --device) Resume(device);
  while (true) {
    if (!runnable_.empty()) {
      const int device = runnable_.back();
      runnable_.pop_back();
      states_[device].is_runnable = false;
      BATON_RETURN_IF_ERROR(lanes_ ? AdvanceLanes(device) : Advance(device));
    } else if (!HappensNext()) {
      break;
    }
  }
  for (int device = 0; device < program_.num_devices(); ++device) BATON_RETURN_IF_ERROR(CheckDone(device));
  return std::move(trace_);
}

bool Simulation::HappensNext() {
  const Nanos on_cores = cores_ ? cores_->NextEvent() : kNoEvent;
  if (on_cores < kNoEvent && (!links_.IsAnyWaiting() || on_cores <= links_.NextStart())) {
    const int device = cores_->Advance();
    if (device >= 0) End({device, states_[device].computes}, on_cores);
    return true;
  }
  if (!links_.IsAnyWaiting()) return false;
  const StartedTransfer next = links_.PopNext();
  if (next.group >= 0) {
    EndCollective(next.group, links_.TakeForGroup(next.group, next.start));
  } else {
    EndBoth(next.send, next.recv, links_.Take(next.lane, next.start, next.bytes));
  }
  return true;
}

void Simulation::End(InstructionRef ref, Nanos end) {
  At(ref).end = end;
  if (lanes_ || states_[ref.device].waits_for == ref.instruction) Resume(ref.device);
}

void Simulation::EndBoth(InstructionRef send, InstructionRef recv, Nanos end) {
  End(send, end);
  End(recv, end);
}

void Simulation::Resume(int device) {
  DeviceState& state = states_[device];
  state.waits_for = -1;
  if (state.is_runnable) return;
  state.is_runnable = true;
  runnable_.push_back(device);
}

absl::Status Simulation::Error(int device, int32_t instruction, const std::string& what) const {
  return absl::FailedPreconditionError(
      absl::StrCat("device ", device, " instruction ", instruction, " (",
                   Describe(program_.devices[device].instructions[instruction].operation), ") ", what));
}

absl::Status Simulation::CheckDone(int device) const {
  const std::vector<Interval>& intervals = trace_.devices[device];
  for (int32_t i = 0; i < static_cast<int32_t>(intervals.size()); ++i) {
    if (intervals[i].end == kUnknown) return Error(device, i, "never ends");
  }
  return absl::OkStatus();
}

}  // namespace baton
