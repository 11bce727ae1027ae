// Matches the transfers and collectives of a program as any transport model lets them run. Used by the validator and
// the simulator.
//
//     TransferQueues queues(program, lanes, transport);
//     for (each of them, in the order in which devices issue them) queues.Post(device, instruction, events);
//     // events.Matched(send, recv) is called whenever two sides begin, events.Met(sides) when a collective does
//
// In the default model (rendezvous, a queue for each peer and direction) a transfer waits for its other side only.
// Every compilation uses that model, so it has a fast path here. A collective waits for the other devices of its group
// only, but with one queue for each device it takes its turn there.
#ifndef BATON_SCHEDULES_PROGRAM_WALK_TRANSFER_QUEUES_H_
#define BATON_SCHEDULES_PROGRAM_WALK_TRANSFER_QUEUES_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "schedules/program/program.h"
#include "schedules/program/transport_model.h"
#include "schedules/program/walk/instruction_ref.h"
#include "schedules/program/walk/lanes.h"
#include "schedules/program/walk/meetings.h"

namespace baton {

// Thread contract: one thread at a time. Refers to the program and its lanes, which must outlive this. Expects a
// program in which every transfer names another device (Lanes::Create succeeds).
class TransferQueues {
 public:
  // One side of a transfer or of a collective that begins now. `previous` is the one before it in its queue, begun
  // earlier.
  struct Side {
    InstructionRef own;
    InstructionRef previous;
  };

  TransferQueues(const Program& program, const Lanes& lanes, const TransportModel& transport)
      : program_(program),
        lanes_(lanes),
        transport_(transport),
        is_direct_(transport.is_default()),
        meetings_(program) {
    if (is_direct_) {
      direct_.resize(lanes.num_lanes());
      return;
    }
    channels_.resize(lanes.num_lanes());
    const int num_queues = transport.queues == QueueKind::kPerDevice ? program.num_devices()
                           : transport.queues == QueueKind::kPerPeer ? lanes.num_lanes()
                                                                     : 2 * lanes.num_lanes();
    queues_.resize(num_queues);
  }

  // Adds an issued transfer or collective to its queue and begins everything that can begin. Calls the functions below;
  // each call refers only to transfers of earlier calls.
  //   events.Matched(Side send, Side recv)                        rendezvous: both begin together
  //   events.Buffered(Side send, InstructionRef emptied_by)       a Send goes into a buffer, emptied by that Recv
  //   events.Delivered(Side recv, InstructionRef sent_by)         a Recv takes what that Send put into the buffer
  //   events.Met(const std::vector<Side>& sides)                  a collective begins on all devices of its group
  template <typename Events>
  void Post(int device, int32_t instruction, Events& events) {
    if (transport_.queues != QueueKind::kPerDevice) {
      if (const int32_t group = GroupAt({device, instruction}); group >= 0) {
        return Meet(meetings_.Arrive({device, instruction}, group), events);
      }
    }
    if (is_direct_) return PostDirect(device, instruction, events);
    const int queue = QueueOf(device, instruction);
    queues_[queue].posted.push_back({device, instruction});
    if (queues_[queue].posted.size() == queues_[queue].head + 1) work_.push_back(queue);
    while (!work_.empty()) {
      const int next = work_.back();
      work_.pop_back();
      Begin(next, events);
    }
  }

  // The head of the queue of an issued transfer or collective that has not begun. It may be the instruction itself.
  InstructionRef HeadOf(int device, int32_t instruction) const {
    if (transport_.queues != QueueKind::kPerDevice && GroupAt({device, instruction}) >= 0) return {device, instruction};
    if (is_direct_) {
      const DirectLane& lane = direct_[LaneOf(device, instruction)];
      return {device, lane.posted[lane.first]};
    }
    const Queue& queue = queues_[QueueOf(device, instruction)];
    return queue.posted[queue.head];
  }

  // The number of transfers of the lane that have begun on the sending and on the receiving side.
  int64_t NumSent(int lane) const {
    return is_direct_ ? direct_[lane].num_matched : static_cast<int64_t>(channels_[lane].sends.size());
  }
  int64_t NumReceived(int lane) const {
    return is_direct_ ? direct_[lane].num_matched : static_cast<int64_t>(channels_[lane].recvs.size());
  }

  const Meetings& meetings() const { return meetings_; }

  int LaneOf(int device, int32_t instruction) const {
    const Operation& operation = program_.devices[device].instructions[instruction].operation;
    if (const Send* send = std::get_if<Send>(&operation)) return lanes_.SendLane(device, send->peer);
    return lanes_.RecvLane(device, std::get<Recv>(operation).peer);
  }

 private:
  // A lane in the default model: the posted transfers of one side that the other side has not matched.
  struct DirectLane {
    std::vector<int32_t> posted;  // instructions; those before `first` are matched
    size_t first = 0;
    bool posted_are_sends = false;
    int64_t num_matched = 0;
    // The last transfers that were matched; instruction -1: none yet.
    int32_t last_send = -1;
    int32_t last_recv = -1;
  };

  // Transfers in the order in which they may begin; those before `head` have.
  struct Queue {
    std::vector<InstructionRef> posted;
    size_t head = 0;
    size_t arrived = 0;  // one more than the index of the last collective that arrived at its meeting
  };
  // A lane in the other models: its transfers that have begun, in order, and the queues that have a transfer of it at
  // their head, -1 if none has.
  struct Channel {
    std::vector<InstructionRef> sends;
    std::vector<InstructionRef> recvs;
    int32_t send_queue = -1;
    int32_t recv_queue = -1;
  };

  const Operation& At(InstructionRef ref) const {
    return program_.devices[ref.device].instructions[ref.instruction].operation;
  }
  bool IsSend(InstructionRef ref) const { return std::holds_alternative<Send>(At(ref)); }
  int32_t GroupAt(InstructionRef ref) const { return GroupOf(At(ref)); }

  // Begins a collective; null: it does not begin yet. With one queue for each device its instructions are the heads.
  template <typename Events>
  void Meet(const std::vector<InstructionRef>* met, Events& events) {
    if (met == nullptr) return;
    sides_.clear();
    for (const InstructionRef ref : *met) {
      sides_.push_back(transport_.queues == QueueKind::kPerDevice ? Pop(ref.device) : Side{ref, {}});
    }
    events.Met(sides_);
  }

  int QueueOf(int device, int32_t instruction) const {
    if (transport_.queues == QueueKind::kPerDevice) return device;
    const Operation& operation = program_.devices[device].instructions[instruction].operation;
    const Send* send = std::get_if<Send>(&operation);
    const int pair = lanes_.SendLane(device, send != nullptr ? send->peer : std::get<Recv>(operation).peer);
    if (transport_.queues == QueueKind::kPerPeer) return pair;
    return 2 * pair + (send != nullptr ? 1 : 0);
  }

  template <typename Events>
  void PostDirect(int device, int32_t instruction, Events& events) {
    const Operation& operation = program_.devices[device].instructions[instruction].operation;
    const Send* send = std::get_if<Send>(&operation);
    const int32_t peer = send != nullptr ? send->peer : std::get<Recv>(operation).peer;
    DirectLane& lane = direct_[send != nullptr ? lanes_.SendLane(device, peer) : lanes_.RecvLane(device, peer)];
    if (lane.first == lane.posted.size()) {
      lane.posted.clear();
      lane.first = 0;
      lane.posted_are_sends = send != nullptr;
    }
    if (lane.posted_are_sends == (send != nullptr)) {
      lane.posted.push_back(instruction);
      return;
    }
    const int32_t other = lane.posted[lane.first++];
    const int32_t from = send != nullptr ? device : peer;
    const int32_t to = send != nullptr ? peer : device;
    const int32_t sent = send != nullptr ? instruction : other;
    const int32_t received = send != nullptr ? other : instruction;
    const Side send_side = {{from, sent}, lane.last_send < 0 ? InstructionRef{} : InstructionRef{from, lane.last_send}};
    const Side recv_side = {{to, received}, lane.last_recv < 0 ? InstructionRef{} : InstructionRef{to, lane.last_recv}};
    lane.last_send = sent;
    lane.last_recv = received;
    ++lane.num_matched;
    events.Matched(send_side, recv_side);
  }

  Side Pop(int index) {
    Queue& queue = queues_[index];
    Side side;
    side.own = queue.posted[queue.head];
    if (queue.head > 0) side.previous = queue.posted[queue.head - 1];
    if (++queue.head < queue.posted.size()) work_.push_back(index);
    return side;
  }

  template <typename Events>
  void Begin(int index, Events& events) {
    if (queues_[index].head == queues_[index].posted.size()) return;
    const InstructionRef head = queues_[index].posted[queues_[index].head];
    if (const int32_t group = GroupAt(head); group >= 0) {
      if (queues_[index].arrived == queues_[index].head + 1) return;  // a collective arrives once
      queues_[index].arrived = queues_[index].head + 1;
      return Meet(meetings_.Arrive(head, group), events);
    }
    Channel& channel = channels_[LaneOf(head.device, head.instruction)];
    (IsSend(head) ? channel.send_queue : channel.recv_queue) = index;
    if (transport_.rendezvous()) {
      if (channel.send_queue < 0 || channel.recv_queue < 0) return;
      const Side send = Pop(channel.send_queue);
      const Side recv = Pop(channel.recv_queue);
      channel.send_queue = channel.recv_queue = -1;
      channel.sends.push_back(send.own);
      channel.recvs.push_back(recv.own);
      events.Matched(send, recv);
      return;
    }
    // A Recv may free a buffer for a Send, and a Send may bring data for a Recv.
    while (true) {
      const size_t sent = channel.sends.size();
      const size_t received = channel.recvs.size();
      const size_t slots = static_cast<size_t>(transport_.buffered_slots);
      if (channel.recv_queue >= 0 && received < sent) {
        const Side recv = Pop(channel.recv_queue);
        channel.recv_queue = -1;
        channel.recvs.push_back(recv.own);
        events.Delivered(recv, channel.sends[received]);
      } else if (channel.send_queue >= 0 && sent < received + slots) {
        const Side send = Pop(channel.send_queue);
        channel.send_queue = -1;
        channel.sends.push_back(send.own);
        events.Buffered(send, sent < slots ? InstructionRef{} : channel.recvs[sent - slots]);
      } else {
        return;
      }
    }
  }

  const Program& program_;
  const Lanes& lanes_;
  const TransportModel transport_;
  const bool is_direct_;
  std::vector<DirectLane> direct_;  // [lane], in the default model; the members below are then unused
  std::vector<Queue> queues_;
  std::vector<Channel> channels_;  // [lane]
  std::vector<int> work_;          // queues whose head is new
  Meetings meetings_;
  std::vector<Side> sides_;  // of the collective that begins
};

}  // namespace baton

#endif  // BATON_SCHEDULES_PROGRAM_WALK_TRANSFER_QUEUES_H_
