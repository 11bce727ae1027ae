// Walks each device's stream until something has an unknown end, parks the device, and goes on when it is known; see
// simulate.h.
#include "schedules/simulate/simulate.h"

#include <algorithm>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "schedules/costs/check_costs.h"
#include "schedules/program/form/describe.h"
#include "schedules/program/walk/lanes.h"
#include "schedules/program/walk/participants.h"
#include "schedules/program/walk/transfer_queues.h"
#include "schedules/simulate/link_turns.h"

namespace baton {
namespace {

// Interval::end of what has not ended yet.
constexpr Nanos kUnknown = -1;

// A transfer lane: what one side has posted and the other has not met yet.
struct Lane {
  std::vector<int32_t> posted;  // instructions, a queue: begins at first_posted
  size_t first_posted = 0;
  bool posted_are_sends = false;
  Nanos last_match = 0;

  bool empty() const { return first_posted == posted.size(); }
};

struct DeviceState {
  int32_t cursor = 0;       // the next instruction
  int32_t waits_for = -1;   // the instruction of this device whose end it is parked for
  int32_t arrived_at = -1;  // the AllReduce that it has arrived at last
  Nanos compute_end = 0;    // of the compute lane
};

// A round of a reduce group: who has arrived.
struct Group {
  int num_participants = 0;
  Nanos duration = 0;
  std::vector<std::pair<int32_t, int32_t>> arrived;  // (device, instruction)
};

class Simulation {
 public:
  // `durations`, if not null, stand for the costs.
  Simulation(const Program& program, const CostModel& costs, const Durations* durations, const Lanes& lanes,
             const TransportModel& transport)
      : program_(program),
        costs_(costs),
        durations_(durations),
        lanes_(lanes),
        links_(program, lanes, costs, transport.rendezvous()) {
    if (!transport.is_default()) queues_.emplace(program, lanes, transport);
    states_.resize(program.num_devices());
    open_.resize(lanes.num_lanes());
    trace_.devices.resize(program.num_devices());
    for (int device = 0; device < program.num_devices(); ++device) {
      trace_.devices[device].assign(program.devices[device].instructions.size(), {0, 0, kUnknown});
    }
    groups_.resize(program.reduce_groups.size());
    for (size_t i = 0; i < groups_.size(); ++i) groups_[i] = MakeGroup(static_cast<int>(i));
  }

  absl::StatusOr<Trace> Run() {
    for (int device = program_.num_devices() - 1; device >= 0; --device) runnable_.push_back(device);
    while (true) {
      if (!runnable_.empty()) {
        const int device = runnable_.back();
        runnable_.pop_back();
        BATON_RETURN_IF_ERROR(Advance(device));
      } else if (links_.IsAnyWaiting()) {
        const StartedTransfer next = links_.PopNext();
        EndBoth(next.send, next.recv, links_.Take(next.lane, next.start, next.bytes));
      } else {
        break;
      }
    }
    for (int device = 0; device < program_.num_devices(); ++device) BATON_RETURN_IF_ERROR(CheckDone(device));
    return std::move(trace_);
  }

  // What TransferQueues tells, in other transports than the default one.
  void Matched(const TransferQueues::Side& send, const TransferQueues::Side& recv) {
    Interval& out = Begin(send);
    Interval& in = Begin(recv);
    out.start = in.start = std::max(out.ready, in.ready);
    Carry(send.own, recv.own, queues_->LaneOf(send.own.device, send.own.instruction), out.start);
  }
  void Buffered(const TransferQueues::Side& send, InstructionRef emptied_by) {
    Interval& out = Begin(send);
    out.start = emptied_by.device < 0 ? out.ready : std::max(out.ready, At(emptied_by).end);
    if (durations_ != nullptr) return End(send.own, out.start + Given(send.own));
    if (!costs_.link_ns.empty()) return End(send.own, out.start + MeasuredNanos(send.own));
    End(send.own, links_.Take(queues_->LaneOf(send.own.device, send.own.instruction), out.start, BytesOf(send.own)));
  }
  void Delivered(const TransferQueues::Side& recv, InstructionRef sent_by) {
    Interval& in = Begin(recv);
    in.start = std::max(in.ready, At(sent_by).start);
    End(recv.own, std::max(in.start, At(sent_by).end));
  }

 private:
  Interval& At(InstructionRef ref) { return trace_.devices[ref.device][ref.instruction]; }

  // The interval of a transfer, ready no earlier than the one before it in its queue has started.
  Interval& Begin(const TransferQueues::Side& side) {
    Interval& own = At(side.own);
    if (side.previous.device >= 0) own.ready = std::max(own.ready, At(side.previous).start);
    return own;
  }

  void End(InstructionRef ref, Nanos end) {
    At(ref).end = end;
    if (states_[ref.device].waits_for == ref.instruction) Resume(ref.device);
  }

  void EndBoth(InstructionRef send, InstructionRef recv, Nanos end) {
    End(send, end);
    End(recv, end);
  }

  Nanos Given(InstructionRef ref) const { return (*durations_)[ref.device][ref.instruction]; }

  // Lets a transfer that starts now take its turn on its link.
  void Carry(InstructionRef send, InstructionRef recv, int32_t lane, Nanos start) {
    if (durations_ != nullptr) {
      End(send, start + Given(send));
      End(recv, start + Given(recv));
      return;
    }
    if (!costs_.link_ns.empty()) return EndBoth(send, recv, start + MeasuredNanos(send));
    const Bytes bytes = BytesOf(send);
    if (links_.IsShared(lane)) return links_.Wait({start, send, recv, lane, bytes});
    EndBoth(send, recv, links_.Take(lane, start, bytes));
  }

  // What a Send takes if each chunk's transfers were measured; 0 if its chunk is out of range.
  Nanos MeasuredNanos(InstructionRef ref) const {
    const Send& send = std::get<Send>(program_.devices[ref.device].instructions[ref.instruction].operation);
    const int64_t chunk = int64_t{send.chunk} - (send.payload == Payload::kActivation ? 0 : 1);
    return chunk >= 0 && chunk < static_cast<int64_t>(costs_.link_ns.size()) ? costs_.link_ns[chunk] : 0;
  }

  // Of the message of a Send.
  Bytes BytesOf(InstructionRef ref) const {
    const Send& send = std::get<Send>(program_.devices[ref.device].instructions[ref.instruction].operation);
    if (static_cast<uint32_t>(send.chunk) >= costs_.chunks.size()) return 0;
    const ChunkCosts& chunk = costs_.chunks[send.chunk];
    return send.payload == Payload::kActivation ? chunk.output_bytes : chunk.input_bytes;
  }

  Group MakeGroup(int group) const {
    Group made;
    made.duration = costs_.ReduceNanos(DevicesOfMembers(program_, group), program_.reduce_groups[group].bytes);
    made.num_participants = static_cast<int>(ParticipantsOf(program_, group).size());
    return made;
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
      const Instruction& instruction = code.instructions[i];
      if (static_cast<uint64_t>(instruction.first_wait) + instruction.num_waits > code.waits.size()) {
        return Error(device, i, "names waits that are not there");
      }
      Nanos waits_end = 0;
      for (uint32_t w = instruction.first_wait; w < instruction.first_wait + instruction.num_waits; ++w) {
        const int32_t wait = code.waits[w];
        if (wait < 0 || wait >= i) return Error(device, i, absl::StrCat("waits for instruction ", wait));
        if (intervals[wait].end == kUnknown) {
          state.waits_for = wait;
          return absl::OkStatus();
        }
        waits_end = std::max(waits_end, intervals[wait].end);
      }
      if (!IsCompute(instruction.operation)) {
        if (queues_) {
          intervals[i].ready = waits_end;
          queues_->Post(device, i, *this);
        } else {
          PostTransfer(device, i, waits_end);
        }
      } else if (const AllReduce* reduce = std::get_if<AllReduce>(&instruction.operation)) {
        if (intervals[i].end == kUnknown) BATON_RETURN_IF_ERROR(Arrive(device, i, *reduce, waits_end));
        if (intervals[i].end == kUnknown) {
          state.waits_for = i;
          return absl::OkStatus();
        }
        state.compute_end = intervals[i].end;
      } else {
        const Nanos duration = durations_ != nullptr ? (*durations_)[device][i] : Duration(instruction.operation);
        if (duration < 0) return Error(device, i, "names a chunk that is not there");
        const Nanos start = std::max(state.compute_end, waits_end > 0 ? waits_end + costs_.wake_ns : 0);
        intervals[i] = {state.compute_end, start, start + duration};
        state.compute_end = start + duration;
      }
      ++state.cursor;
    }
    return absl::OkStatus();
  }

  // Of a compute instruction other than AllReduce; negative if its chunk is out of range.
  Nanos Duration(const Operation& operation) const {
    const std::vector<ChunkCosts>& chunks = costs_.chunks;
    auto of = [&chunks](int32_t chunk, auto duration) {
      return static_cast<uint32_t>(chunk) < chunks.size() ? duration(chunks[chunk]) : kUnknown;
    };
    return std::visit(
        Overloaded{
            [&](const Load&) { return costs_.load_ns; },
            [&](const Forward& f) { return of(f.chunk, [](const ChunkCosts& c) { return c.forward_ns; }); },
            [&](const Backward& b) { return of(b.chunk, [](const ChunkCosts& c) { return c.backward_ns(); }); },
            [&](const BackwardInput& b) {
              return of(b.chunk, [](const ChunkCosts& c) { return c.backward_input_ns; });
            },
            [&](const BackwardWeight& b) {
              return of(b.chunk, [](const ChunkCosts& c) { return c.backward_weight_ns; });
            },
            [&](const Recompute& r) { return of(r.chunk, [](const ChunkCosts& c) { return c.recompute_ns; }); },
            [&](const Update& s) { return of(s.chunk, [](const ChunkCosts& c) { return c.update_ns; }); },
            [](const Send&) { return Nanos{0}; },
            [](const Recv&) { return Nanos{0}; },
            [](const AllReduce&) { return Nanos{0}; },
        },
        operation);
  }

  // Puts one side of a transfer into its lane, or completes it if the other side is there already. Until then
  // `ready` holds only the end of the waits: when the lane's previous transfer is matched may not be known.
  void PostTransfer(int device, int32_t instruction, Nanos waits_end) {
    const Operation& operation = program_.devices[device].instructions[instruction].operation;
    const Send* send = std::get_if<Send>(&operation);
    const int peer = send != nullptr ? send->peer : std::get_if<Recv>(&operation)->peer;
    const int lane_index = send != nullptr ? lanes_.SendLane(device, peer) : lanes_.RecvLane(device, peer);
    Lane& lane = open_[lane_index];
    Interval& own = trace_.devices[device][instruction];
    own.ready = waits_end;
    if (lane.empty() || lane.posted_are_sends == (send != nullptr)) {
      if (lane.empty()) {
        lane.posted.clear();
        lane.first_posted = 0;
      }
      lane.posted_are_sends = send != nullptr;
      lane.posted.push_back(instruction);
      return;
    }
    const int32_t other_instruction = lane.posted[lane.first_posted++];
    Interval& other = trace_.devices[peer][other_instruction];
    own.ready = std::max(own.ready, lane.last_match);
    other.ready = std::max(other.ready, lane.last_match);
    lane.last_match = own.start = other.start = std::max(own.ready, other.ready);
    const InstructionRef here = {device, instruction};
    const InstructionRef there = {peer, other_instruction};
    Carry(send != nullptr ? here : there, send != nullptr ? there : here, lane_index, own.start);
  }

  absl::Status Arrive(int device, int32_t instruction, const AllReduce& reduce, Nanos waits_end) {
    if (static_cast<uint32_t>(reduce.group) >= groups_.size()) {
      return Error(device, instruction, "names a group that is not there");
    }
    DeviceState& state = states_[device];
    if (state.arrived_at == instruction) return absl::OkStatus();
    state.arrived_at = instruction;
    Interval& own = trace_.devices[device][instruction];
    own.ready = std::max(state.compute_end, waits_end);
    Group& group = groups_[reduce.group];
    group.arrived.push_back({device, instruction});
    if (static_cast<int>(group.arrived.size()) < group.num_participants) return absl::OkStatus();
    Nanos start = 0;
    for (const auto& [other, at] : group.arrived) start = std::max(start, trace_.devices[other][at].ready);
    for (const auto& [other, at] : group.arrived) {
      Interval& interval = trace_.devices[other][at];
      interval.start = start;
      interval.end = start + (durations_ != nullptr ? (*durations_)[other][at] : group.duration);
      if (other != device) Resume(other);
    }
    group.arrived.clear();
    return absl::OkStatus();
  }

  void Resume(int device) {
    states_[device].waits_for = -1;
    runnable_.push_back(device);
  }

  // A device is done when all was issued and every transfer met its other side.
  absl::Status CheckDone(int device) const {
    const std::vector<Interval>& intervals = trace_.devices[device];
    for (int32_t i = 0; i < static_cast<int32_t>(intervals.size()); ++i) {
      if (intervals[i].end == kUnknown) return Error(device, i, "never ends");
    }
    return absl::OkStatus();
  }

  const Program& program_;
  const CostModel& costs_;
  const Durations* const durations_;
  const Lanes& lanes_;
  LinkTurns links_;
  std::vector<DeviceState> states_;
  std::vector<Lane> open_;
  std::optional<TransferQueues> queues_;  // in other transports than the default one
  std::vector<Group> groups_;
  std::vector<int> runnable_;
  Trace trace_;
};

absl::Status CheckDurations(const Program& program, const Durations& durations) {
  if (durations.size() != program.devices.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("durations: of ", durations.size(), " devices, but there are ", program.devices.size()));
  }
  for (size_t device = 0; device < durations.size(); ++device) {
    const size_t size = program.devices[device].instructions.size();
    if (durations[device].size() != size) {
      return absl::InvalidArgumentError(
          absl::StrCat("durations: ", durations[device].size(), " for the ", size, " instructions of device ", device));
    }
    for (size_t i = 0; i < size; ++i) {
      if (durations[device][i] < 0) {
        return absl::InvalidArgumentError(
            absl::StrCat("durations: ", durations[device][i], " ns for instruction ", i, " of device ", device));
      }
    }
  }
  return absl::OkStatus();
}

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

Durations DurationsOf(const Trace& trace) {
  Durations durations(trace.devices.size());
  for (size_t device = 0; device < trace.devices.size(); ++device) {
    durations[device].reserve(trace.devices[device].size());
    for (const Interval& interval : trace.devices[device]) durations[device].push_back(interval.end - interval.start);
  }
  return durations;
}

absl::StatusOr<Trace> Replay(const Program& program, const Durations& durations, const SimulateOptions& options) {
  BATON_RETURN_IF_ERROR(CheckDurations(program, durations));
  BATON_ASSIGN_OR_RETURN(const Lanes lanes, Lanes::Create(program));
  return Simulation(program, CostModel(), &durations, lanes, options.transport).Run();
}

}  // namespace baton
