// Runs a program without times in any transport; see stuck.h.
#include "schedules/validate/stuck.h"

#include <algorithm>
#include <cstdint>

#include "schedules/program/walk/participants.h"

namespace baton {
namespace {

class Player {
 public:
  Player(const Program& program, const Lanes& lanes, const TransportModel& transport)
      : program_(program),
        lanes_(lanes),
        transport_(transport),
        queues_(program, lanes, transport),
        states_(program.num_devices()),
        arrived_(program.reduce_groups.size()) {
    for (const DeviceProgram& code : program.devices) over_.emplace_back(code.instructions.size(), 0);
    for (int group = 0; group < static_cast<int>(program.reduce_groups.size()); ++group) {
      participants_.push_back(ParticipantsOf(program, group));
    }
  }

  StuckProgram Run() {
    for (int device = program_.num_devices() - 1; device >= 0; --device) runnable_.push_back(device);
    while (!runnable_.empty()) {
      const int device = runnable_.back();
      runnable_.pop_back();
      Advance(device);
    }
    Explain();
    return std::move(result_);
  }

  // The events of TransferQueues.
  void Matched(const TransferQueues::Side& send, const TransferQueues::Side& recv) {
    Over(send.own);
    Over(recv.own);
  }
  void Buffered(const TransferQueues::Side& send, InstructionRef) { Over(send.own); }
  void Delivered(const TransferQueues::Side& recv, InstructionRef) { Over(recv.own); }

 private:
  struct State {
    int32_t cursor = 0;
    int32_t waits_for = -1;
    int32_t arrived_at = -1;
  };

  const Operation& At(InstructionRef ref) const {
    return program_.devices[ref.device].instructions[ref.instruction].operation;
  }
  int32_t PeerOf(InstructionRef transfer) const {
    const Send* send = std::get_if<Send>(&At(transfer));
    return send != nullptr ? send->peer : std::get<Recv>(At(transfer)).peer;
  }
  bool IsStuck(int device) const {
    return states_[device].cursor < static_cast<int32_t>(program_.devices[device].instructions.size());
  }

  void Advance(int device) {
    const DeviceProgram& code = program_.devices[device];
    State& state = states_[device];
    state.waits_for = -1;
    for (; IsStuck(device); ++state.cursor) {
      const int32_t i = state.cursor;
      for (int32_t wait : code.WaitsOf(code.instructions[i])) {
        if (over_[device][wait]) continue;
        state.waits_for = wait;
        return;
      }
      const Operation& operation = code.instructions[i].operation;
      if (const AllReduce* reduce = std::get_if<AllReduce>(&operation)) {
        Arrive(device, i, reduce->group);
        if (over_[device][i]) continue;
        state.waits_for = i;
        return;
      }
      if (IsCompute(operation)) {
        over_[device][i] = 1;
      } else {
        queues_.Post(device, i, *this);
      }
    }
  }

  void Over(InstructionRef ref) {
    over_[ref.device][ref.instruction] = 1;
    State& state = states_[ref.device];
    if (state.waits_for != ref.instruction) return;
    state.waits_for = -1;
    runnable_.push_back(ref.device);
  }

  void Arrive(int device, int32_t instruction, int group) {
    State& state = states_[device];
    if (over_[device][instruction] || state.arrived_at == instruction) return;
    state.arrived_at = instruction;
    std::vector<int32_t>& arrived = arrived_[group];
    arrived.push_back(device);
    if (arrived.size() < participants_[group].size()) return;
    for (int32_t other : arrived) Over({other, states_[other].arrived_at});
    arrived.clear();
  }

  // Lists both sides of each lane in issue order, to find the other side of a transfer.
  void CollectSides() {
    sends_.resize(lanes_.num_lanes());
    recvs_.resize(lanes_.num_lanes());
    for (int32_t device = 0; device < program_.num_devices(); ++device) {
      const std::vector<Instruction>& instructions = program_.devices[device].instructions;
      for (int32_t i = 0; i < static_cast<int32_t>(instructions.size()); ++i) {
        if (IsCompute(instructions[i].operation)) continue;
        const bool is_send = std::holds_alternative<Send>(instructions[i].operation);
        (is_send ? sends_ : recvs_)[queues_.LaneOf(device, i)].push_back({device, i});
      }
    }
  }

  Blame ReasonOf(InstructionRef waiter) const {
    const State& state = states_[waiter.device];
    if (waiter.instruction > state.cursor) return {Blame::Why::kAfter, waiter, {waiter.device, state.cursor}};
    if (waiter.instruction < state.cursor) return TransferReason(waiter);
    if (const AllReduce* reduce = std::get_if<AllReduce>(&At(waiter));
        reduce != nullptr && state.waits_for == state.cursor) {
      return ReduceReason(waiter, reduce->group);
    }
    return {Blame::Why::kWaits, waiter, {waiter.device, state.waits_for}};
  }

  // The reason of a transfer that is issued and has not begun.
  Blame TransferReason(InstructionRef waiter) const {
    const InstructionRef head = queues_.HeadOf(waiter.device, waiter.instruction);
    if (head.instruction != waiter.instruction) return {Blame::Why::kQueued, waiter, head};
    const int lane = queues_.LaneOf(waiter.device, waiter.instruction);
    const bool is_send = std::holds_alternative<Send>(At(waiter));
    // If all buffers are full, a Send waits for the Recv that empties the oldest.
    const int64_t nth = is_send ? queues_.NumReceived(lane) : queues_.NumSent(lane);
    const std::vector<InstructionRef>& others = (is_send ? recvs_ : sends_)[lane];
    if (nth >= static_cast<int64_t>(others.size())) return {Blame::Why::kNeverMatched, waiter, {PeerOf(waiter), -1}};
    return {is_send && !transport_.rendezvous() ? Blame::Why::kBuffer : Blame::Why::kOtherSide, waiter, others[nth]};
  }

  Blame ReduceReason(InstructionRef waiter, int group) const {
    const std::vector<int32_t>& arrived = arrived_[group];
    for (int32_t participant : participants_[group]) {
      if (std::find(arrived.begin(), arrived.end(), participant) != arrived.end()) continue;
      if (!IsStuck(participant)) return {Blame::Why::kNeverJoined, waiter, {participant, -1}};
      return {Blame::Why::kAllReduce, waiter, {participant, states_[participant].cursor}};
    }
    return {Blame::Why::kNeverJoined, waiter, {}};
  }

  // Follows the reasons from each stuck device until an instruction repeats. Visits each instruction once.
  void Explain() {
    std::vector<InstructionRef> roots;
    for (int32_t device = 0; device < program_.num_devices(); ++device) {
      result_.next.push_back(states_[device].cursor);
      if (IsStuck(device)) roots.push_back({device, states_[device].cursor});
    }
    // Transfers that were issued and have not begun, even if no instruction waits for them.
    for (int32_t device = 0; device < program_.num_devices(); ++device) {
      for (int32_t i = 0; i < states_[device].cursor; ++i) {
        if (!over_[device][i]) roots.push_back({device, i});
      }
    }
    if (roots.empty()) return;
    CollectSides();
    std::vector<std::vector<int32_t>> seen_from;
    for (const std::vector<uint8_t>& over : over_) seen_from.emplace_back(over.size(), -1);
    for (int32_t root = 0; root < static_cast<int32_t>(roots.size()); ++root) {
      std::vector<Blame> path;
      InstructionRef at = roots[root];
      while (at.instruction >= 0 && seen_from[at.device][at.instruction] < 0) {
        seen_from[at.device][at.instruction] = root;
        path.push_back(ReasonOf(at));
        at = path.back().blocker;
      }
      if (path.empty()) continue;
      if (at.instruction < 0) {
        result_.deadlocks.push_back({false, {path.back()}});
      } else if (seen_from[at.device][at.instruction] == root) {
        size_t first = 0;
        while (path[first].waiter.device != at.device || path[first].waiter.instruction != at.instruction) ++first;
        result_.deadlocks.push_back({true, {path.begin() + first, path.end()}});
      }
    }
  }

  const Program& program_;
  const Lanes& lanes_;
  const TransportModel transport_;
  TransferQueues queues_;
  std::vector<State> states_;
  std::vector<std::vector<int32_t>> participants_;  // [group]: devices, ascending
  std::vector<std::vector<int32_t>> arrived_;       // [group]: devices that wait in its AllReduce
  std::vector<std::vector<uint8_t>> over_;          // [device][instruction]
  std::vector<int> runnable_;
  std::vector<std::vector<InstructionRef>> sends_;  // [lane]
  std::vector<std::vector<InstructionRef>> recvs_;
  StuckProgram result_;
};

}  // namespace

StuckProgram FindDeadlocks(const Program& program, const Lanes& lanes, const TransportModel& transport) {
  return Player(program, lanes, transport).Run();
}

}  // namespace baton
