// Walks each device's stream until an instruction waits for something whose end is unknown, parks the device, and goes
// on when that end is known; see simulate.h. On shared cores the end of compute depends on all other compute of its
// time: then events happen in the order of time, and each lane of a device is walked by itself.
#include "schedules/simulate/simulate.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "schedules/costs/check_costs.h"
#include "schedules/costs/shared_cores.h"
#include "schedules/program/form/describe.h"
#include "schedules/program/walk/lanes.h"
#include "schedules/program/walk/transfer_queues.h"
#include "schedules/simulate/collectives.h"
#include "schedules/simulate/device_lanes.h"
#include "schedules/simulate/instruction_costs.h"
#include "schedules/simulate/link_turns.h"
#include "schedules/simulate/transfer_lanes.h"

namespace baton {
namespace {

// Interval::end of an instruction that has not ended yet.
constexpr Nanos kUnknown = -1;

struct DeviceState {
  int32_t cursor = 0;      // the next instruction
  int32_t waits_for = -1;  // the instruction of this device whose end it is parked for; -1: none
  int32_t computes = -1;   // the instruction that it has under way on shared cores; -1: none
  bool is_runnable = false;
  Nanos compute_end = 0;  // when the compute lane's last instruction ended
};

class Simulation {
 public:
  // `durations`, if not null, replace the times of `costs`.
  Simulation(const Program& program, const CostModel& costs, const Durations* durations, const Lanes& lanes,
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
    trace_.devices.resize(program.num_devices());
    for (int device = 0; device < program.num_devices(); ++device) {
      trace_.devices[device].assign(program.devices[device].instructions.size(), {0, 0, kUnknown});
    }
  }

  absl::StatusOr<Trace> Run() {
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

  // The events of TransferQueues, for every transport model but the default one.
  void Matched(const TransferQueues::Side& send, const TransferQueues::Side& recv) {
    Interval& out = Begin(send);
    Interval& in = Begin(recv);
    out.start = in.start = std::max(out.ready, in.ready);
    Carry(send.own, recv.own, queues_->LaneOf(send.own.device, send.own.instruction), out.start);
  }
  void Buffered(const TransferQueues::Side& send, InstructionRef emptied_by) {
    Interval& out = Begin(send);
    out.start = emptied_by.device < 0 ? out.ready : std::max(out.ready, At(emptied_by).end);
    if (costs_.fix_transfers()) return End(send.own, out.start + costs_.OfTransfer(send.own, send.own));
    End(send.own,
        links_.Take(queues_->LaneOf(send.own.device, send.own.instruction), out.start, costs_.MessageBytes(send.own)));
  }
  void Delivered(const TransferQueues::Side& recv, InstructionRef sent_by) {
    Interval& in = Begin(recv);
    in.start = std::max(in.ready, At(sent_by).start);
    End(recv.own, std::max(in.start, At(sent_by).end));
  }
  void Met(const std::vector<TransferQueues::Side>& sides) {
    std::vector<InstructionRef> met;
    for (const TransferQueues::Side& side : sides) {
      Begin(side);
      met.push_back(side.own);
    }
    Combine(met);
  }

 private:
  Interval& At(InstructionRef ref) { return trace_.devices[ref.device][ref.instruction]; }

  // The interval of a transfer or collective, ready no earlier than the one before it in its queue has started.
  Interval& Begin(const TransferQueues::Side& side) {
    Interval& own = At(side.own);
    if (side.previous.device >= 0) own.ready = std::max(own.ready, At(side.previous).start);
    return own;
  }

  // Takes the earliest event that depends on others of its time: compute on shared cores starts or ends, or a transfer
  // has its turn on a shared link. All that do not depend on it must have run. False if there is none.
  bool HappensNext() {
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

  void End(InstructionRef ref, Nanos end) {
    At(ref).end = end;
    if (lanes_ || states_[ref.device].waits_for == ref.instruction) Resume(ref.device);
  }

  void EndBoth(InstructionRef send, InstructionRef recv, Nanos end) {
    End(send, end);
    End(recv, end);
  }

  void Resume(int device) {
    DeviceState& state = states_[device];
    state.waits_for = -1;
    if (state.is_runnable) return;
    state.is_runnable = true;
    runnable_.push_back(device);
  }

  // Ends a transfer that starts now, or queues it for its turn on its link.
  void Carry(InstructionRef send, InstructionRef recv, int32_t lane, Nanos start) {
    if (costs_.fix_transfers()) {
      End(send, start + costs_.OfTransfer(send, send));
      End(recv, start + costs_.OfTransfer(recv, send));
      return;
    }
    const Bytes bytes = costs_.MessageBytes(send);
    if (links_.IsShared(lane)) return links_.Wait({start, send, recv, lane, bytes});
    EndBoth(send, recv, links_.Take(lane, start, bytes));
  }

  absl::Status Error(int device, int32_t instruction, const std::string& what) const {
    return absl::FailedPreconditionError(
        absl::StrCat("device ", device, " instruction ", instruction, " (",
                     Describe(program_.devices[device].instructions[instruction].operation), ") ", what));
  }

  // Runs a device's instructions until one waits for an end that is not known.
  absl::Status Advance(int device) {
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
      if (IsTransfer(instruction.operation)) {
        PostTransfer({device, i}, waits_end);
      } else if (const int32_t group = GroupOf(instruction.operation); IsCollective(instruction.operation)) {
        if (!collectives_.HasGroup(group)) return Error(device, i, "names a group that does not exist");
        PostCollective({device, i}, group, waits_end);
      } else {
        Nanos duration = 0;
        BATON_RETURN_IF_ERROR(StartCompute(device, i, waits_end, duration));
        state.compute_end = intervals[i].end = intervals[i].start + duration;
      }
      ++state.cursor;
    }
    return absl::OkStatus();
  }

  // Runs the instructions of each lane of a device until one waits for an end that is not known. On shared cores.
  absl::Status AdvanceLanes(int device) {
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

  // Runs one instruction of a device on shared cores. `goes_on`: whether the next one of its lane may follow.
  absl::Status AdvanceOne(int device, int32_t i, bool& goes_on) {
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
    } else if (IsTransfer(operation)) {
      PostTransfer({device, i}, waits_end);
    } else if (IsCollective(operation)) {
      const int32_t group = GroupOf(operation);
      if (!collectives_.HasGroup(group)) return Error(device, i, "names a group that does not exist");
      PostCollective({device, i}, group, waits_end);
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

  // Sets `end` to the end of all that an instruction waits for, or to kUnknown; then the device waits for that.
  absl::Status FindWaitsEnd(int device, int32_t i, Nanos& end) {
    const DeviceProgram& code = program_.devices[device];
    const std::vector<Interval>& intervals = trace_.devices[device];
    const Instruction& instruction = code.instructions[i];
    if (static_cast<uint64_t>(instruction.first_wait) + instruction.num_waits > code.waits.size()) {
      return Error(device, i,
                   absl::StrCat("names waits from ", instruction.first_wait, " to below ",
                                uint64_t{instruction.first_wait} + instruction.num_waits, "; its device has ",
                                code.waits.size()));
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

  // Starts a compute instruction; sets its duration, alone on its cores.
  absl::Status StartCompute(int device, int32_t i, Nanos waits_end, Nanos& duration) {
    duration = costs_.OfCompute({device, i});
    if (duration < 0) return Error(device, i, "names a chunk that does not exist");
    const Nanos free_at = states_[device].compute_end;
    trace_.devices[device][i] = {free_at, std::max(free_at, waits_end > 0 ? waits_end + wake_ns_ : 0), kUnknown};
    return absl::OkStatus();
  }

  void PostTransfer(InstructionRef ref, Nanos waits_end) {
    if (queues_) {
      At(ref).ready = waits_end;
      queues_->Post(ref.device, ref.instruction, *this);
    } else if (const auto match = transfers_.Post(ref, waits_end, trace_)) {
      Carry(match->send, match->recv, match->lane, At(ref).start);
    }
  }

  void PostCollective(InstructionRef ref, int32_t group, Nanos waits_end) {
    At(ref).ready = waits_end;
    if (queues_) {
      queues_->Post(ref.device, ref.instruction, *this);
    } else if (const std::vector<InstructionRef>* met = collectives_.Arrive(ref, group)) {
      Combine(*met);
    }
  }

  // Runs a collective that all its devices have reached. Each group has a lane of its own.
  void Combine(const std::vector<InstructionRef>& met) {
    const int32_t group = GroupOf(program_.devices[met[0].device].instructions[met[0].instruction].operation);
    Nanos start = 0;
    for (const InstructionRef ref : met) {
      At(ref).ready = std::max(At(ref).ready, collectives_.LastStart(group));
      start = std::max(start, At(ref).ready);
    }
    collectives_.SetStart(group, start);
    for (const InstructionRef ref : met) At(ref).start = start;
    collectives_.Started(group).push_back(met);
    if (!costs_.are_given() && links_.TakesTurns(group)) return links_.Wait({start, met[0], {}, -1, 0, group});
    EndCollective(group, start);
  }

  // Ends the group's first collective that has started, which has its links since `begin`.
  void EndCollective(int32_t group, Nanos begin) {
    const std::vector<InstructionRef> met = std::move(collectives_.Started(group).front());
    collectives_.Started(group).pop_front();
    for (const InstructionRef ref : met) {
      End(ref, begin + (costs_.are_given() ? costs_.Given(ref) : collectives_.DurationOf(group)));
    }
  }

  // Errors: FailedPrecondition if some instruction of the device was not issued or its transfer was not matched.
  absl::Status CheckDone(int device) const {
    const std::vector<Interval>& intervals = trace_.devices[device];
    for (int32_t i = 0; i < static_cast<int32_t>(intervals.size()); ++i) {
      if (intervals[i].end == kUnknown) return Error(device, i, "never ends");
    }
    return absl::OkStatus();
  }

  const Program& program_;
  const Nanos wake_ns_;
  const InstructionCosts costs_;
  LinkTurns links_;
  std::vector<DeviceState> states_;
  TransferLanes transfers_;               // in the default transport model
  std::optional<TransferQueues> queues_;  // in all others
  Collectives collectives_;
  std::optional<CoreTurns> cores_;    // if devices share cores
  std::optional<DeviceLanes> lanes_;  // likewise
  std::vector<int> runnable_;
  Trace trace_;
};

}  // namespace

absl::StatusOr<Trace> Simulate(const Program& program, const CostModel& costs, const SimulateOptions& options) {
  BATON_RETURN_IF_ERROR(CheckCosts(costs, program.num_chunks, program.num_micro_batches));
  if (const std::string fault =
          program.placement.FindFault(program.num_chunks, program.num_devices(), program.num_micro_batches);
      !fault.empty()) {
    return absl::FailedPreconditionError(fault);
  }
  BATON_ASSIGN_OR_RETURN(const Lanes lanes, Lanes::Create(program));
  return Simulation(program, costs, /*durations=*/nullptr, lanes, options.transport).Run();
}

absl::StatusOr<Trace> Replay(const Program& program, const Durations& durations, const SimulateOptions& options) {
  BATON_RETURN_IF_ERROR(CheckDurations(program, durations));
  BATON_ASSIGN_OR_RETURN(const Lanes lanes, Lanes::Create(program));
  return Simulation(program, CostModel(), &durations, lanes, options.transport).Run();
}

}  // namespace baton
