// Runs a program without times in any transport; see stuck.h.
#include "schedules/validate/stuck.h"

#include <algorithm>
#include <cstdint>

namespace baton {
namespace {

class Player {
 public:
  Player(const Program& program, const Lanes& lanes, const TransportModel& transport)
      : program_(program),
        lanes_(lanes),
        transport_(transport),
        queues_(program, lanes, transport),
        states_(program.num_devices()) {
    for (const DeviceProgram& code : program.devices) over_.emplace_back(code.instructions.size(), 0);
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
  void Met(const std::vector<TransferQueues::Side>& sides) {
    for (const TransferQueues::Side& side : sides) Over(side.own);
  }

 private:
  struct State {
    int32_t cursor = 0;
    int32_t waits_for = -1;
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

  // Lists both sides of each lane in issue order, to find the other side of a transfer.
  void CollectSides() {
    sends_.resize(lanes_.num_lanes());
    recvs_.resize(lanes_.num_lanes());
    for (int32_t device = 0; device < program_.num_devices(); ++device) {
      const std::vector<Instruction>& instructions = program_.devices[device].instructions;
      for (int32_t i = 0; i < static_cast<int32_t>(instructions.size()); ++i) {
        if (!IsTransfer(instructions[i].operation)) continue;
        const bool is_send = std::holds_alternative<Send>(instructions[i].operation);
        (is_send ? sends_ : recvs_)[queues_.LaneOf(device, i)].push_back({device, i});
      }
    }
  }

  Blame ReasonOf(InstructionRef waiter) const {
    const State& state = states_[waiter.device];
    if (waiter.instruction > state.cursor) return {Blame::Why::kAfter, waiter, {waiter.device, state.cursor}};
    if (waiter.instruction < state.cursor) return IssuedReason(waiter);
    return {Blame::Why::kWaits, waiter, {waiter.device, state.waits_for}};
  }

  // The reason of a transfer or collective that is issued and has not begun.
  Blame IssuedReason(InstructionRef waiter) const {
    const InstructionRef head = queues_.HeadOf(waiter.device, waiter.instruction);
    if (head.instruction != waiter.instruction) return {Blame::Why::kQueued, waiter, head};
    if (const int32_t group = GroupOf(At(waiter)); group >= 0) return CollectiveReason(waiter, group);
    const int lane = queues_.LaneOf(waiter.device, waiter.instruction);
    const bool is_send = std::holds_alternative<Send>(At(waiter));
    // If all buffers are full, a Send waits for the Recv that empties the oldest.
    const int64_t nth = is_send ? queues_.NumReceived(lane) : queues_.NumSent(lane);
    const std::vector<InstructionRef>& others = (is_send ? recvs_ : sends_)[lane];
    if (nth >= static_cast<int64_t>(others.size())) return {Blame::Why::kNeverMatched, waiter, {PeerOf(waiter), -1}};
    return {is_send && !transport_.rendezvous() ? Blame::Why::kBuffer : Blame::Why::kOtherSide, waiter, others[nth]};
  }

  // The instruction with which another device would take part. It may be issued, but not at the head of its queue.
  Blame CollectiveReason(InstructionRef waiter, int32_t group) const {
    const Meetings& meetings = queues_.meetings();
    const std::vector<int32_t>& participants = meetings.ParticipantsIn(group);
    const int32_t nth = NumEarlier(waiter, group);
    for (size_t i = 0; i < participants.size(); ++i) {
      if (participants[i] == waiter.device || meetings.NumArrived(group, i) > static_cast<size_t>(nth)) continue;
      const int32_t other = FindNth(participants[i], group, nth);
      if (other < 0) return {Blame::Why::kNeverJoined, waiter, {participants[i], -1}};
      return {Blame::Why::kCollective, waiter, {participants[i], other}};
    }
    return {Blame::Why::kNeverJoined, waiter, {}};
  }

  // How many collectives of the group come before `ref` on its device.
  int32_t NumEarlier(InstructionRef ref, int32_t group) const {
    const std::vector<Instruction>& instructions = program_.devices[ref.device].instructions;
    return static_cast<int32_t>(
        std::count_if(instructions.begin(), instructions.begin() + ref.instruction,
                      [&](const Instruction& each) { return GroupOf(each.operation) == group; }));
  }

  // The collective number `nth` of the group on the device; -1 if there are not so many.
  int32_t FindNth(int32_t device, int32_t group, int32_t nth) const {
    const std::vector<Instruction>& instructions = program_.devices[device].instructions;
    for (int32_t i = 0; i < static_cast<int32_t>(instructions.size()); ++i) {
      if (GroupOf(instructions[i].operation) == group && nth-- == 0) return i;
    }
    return -1;
  }

  // Follows the reasons from each stuck device until an instruction repeats. Visits each instruction once.
  void Explain() {
    std::vector<InstructionRef> roots;
    for (int32_t device = 0; device < program_.num_devices(); ++device) {
      result_.next.push_back(states_[device].cursor);
      if (IsStuck(device)) roots.push_back({device, states_[device].cursor});
    }
    // Transfers and collectives that were issued and have not begun, even if no instruction waits for them.
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
  std::vector<std::vector<uint8_t>> over_;  // [device][instruction]
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
