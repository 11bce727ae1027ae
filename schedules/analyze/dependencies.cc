// Builds tables of predecessors and finds the latest of them; see dependencies.h.
#include "schedules/analyze/dependencies.h"

#include <algorithm>
#include <map>
#include <utility>

#include "schedules/program/walk/participants.h"

namespace baton {
namespace {

constexpr int32_t kNone = -1;

// The peer of a transfer.
int32_t PeerOfTransfer(const Operation& operation) {
  const Send* send = std::get_if<Send>(&operation);
  return send != nullptr ? send->peer : std::get<Recv>(operation).peer;
}

// A number for the queue of a transfer or collective, unique within its device.
int64_t QueueOf(const Operation& operation, QueueKind kind) {
  if (IsCollective(operation) && kind != QueueKind::kPerDevice) return -1 - int64_t{GroupOf(operation)};
  const bool is_send = std::holds_alternative<Send>(operation);
  switch (kind) {
    case QueueKind::kPerDevice:
      return 0;
    case QueueKind::kPerPeer:
      return PeerOfTransfer(operation);
    case QueueKind::kPerPeerAndDirection:
      break;
  }
  return 2 * int64_t{PeerOfTransfer(operation)} + (is_send ? 1 : 0);
}

// Replaces `release` by the event `by` at `at` if that is later.
void Consider(InstructionRef by, Nanos at, bool by_start, Release& release) {
  if (release.by.instruction == kNone || at > release.at) release = {by, at, by_start};
}

}  // namespace

Dependencies::Dependencies(const Program& program, const TransportModel& transport)
    : program_(program), transport_(transport) {
  for (const DeviceProgram& device : program.devices) {
    const size_t size = device.instructions.size();
    for (auto* table : {&before_, &other_, &peer_device_, &emptied_by_, &round_}) table->emplace_back(size, kNone);
  }
  for (int device = 0; device < program.num_devices(); ++device) {
    int32_t last_compute = kNone;
    std::map<int64_t, int32_t> last_of_queue;
    for (int32_t i = 0; i < static_cast<int32_t>(Device(device).instructions.size()); ++i) {
      const Operation& operation = Device(device).instructions[i].operation;
      int32_t& last = IsCompute(operation)
                          ? last_compute
                          : last_of_queue.emplace(QueueOf(operation, transport.queues), kNone).first->second;
      before_[device][i] = last;
      last = i;
    }
  }
  MatchTransfers();
  MatchCollectives();
}

void Dependencies::MatchTransfers() {
  // The n-th Send from one device to another matches the n-th Recv there.
  std::map<std::pair<int32_t, int32_t>, std::vector<int32_t>> sends, recvs;
  for (int32_t device = 0; device < program_.num_devices(); ++device) {
    for (int32_t i = 0; i < static_cast<int32_t>(Device(device).instructions.size()); ++i) {
      const Operation& operation = Device(device).instructions[i].operation;
      if (const Send* send = std::get_if<Send>(&operation)) sends[{device, send->peer}].push_back(i);
      if (const Recv* recv = std::get_if<Recv>(&operation)) recvs[{recv->peer, device}].push_back(i);
    }
  }
  const size_t buffers = static_cast<size_t>(transport_.buffered_slots);
  for (const auto& [pair, sent] : sends) {
    const auto& [from, to] = pair;
    const std::vector<int32_t>& received = recvs[pair];
    for (size_t n = 0; n < std::min(sent.size(), received.size()); ++n) {
      other_[from][sent[n]] = received[n];
      other_[to][received[n]] = sent[n];
      peer_device_[from][sent[n]] = to;
      peer_device_[to][received[n]] = from;
      if (buffers > 0 && n >= buffers) emptied_by_[from][sent[n]] = received[n - buffers];
    }
  }
}

void Dependencies::MatchCollectives() {
  // [device]: the collectives of each group, in issue order.
  std::vector<std::map<int32_t, std::vector<int32_t>>> collectives(program_.num_devices());
  for (int32_t device = 0; device < program_.num_devices(); ++device) {
    for (int32_t i = 0; i < static_cast<int32_t>(Device(device).instructions.size()); ++i) {
      const int32_t group = GroupOf(Device(device).instructions[i].operation);
      if (group >= 0) collectives[device][group].push_back(i);
    }
  }
  // The n-th collectives of a group's participants form its n-th round.
  for (int32_t group = 0; group < static_cast<int32_t>(program_.reduce_groups.size()); ++group) {
    const auto first_round = static_cast<int32_t>(rounds_.size());
    for (const int32_t device : ParticipantsOf(program_, group)) {
      int32_t round = first_round;
      for (const int32_t instruction : collectives[device][group]) {
        if (round == static_cast<int32_t>(rounds_.size())) rounds_.emplace_back();
        rounds_[round].push_back({device, instruction});
        round_[device][instruction] = round++;
      }
    }
  }
}

void Dependencies::ConsiderOwn(const Trace& trace, InstructionRef ref, Release& release) const {
  const std::vector<Interval>& intervals = trace.devices[ref.device];
  const Instruction& instruction = Device(ref.device).instructions[ref.instruction];
  const int32_t before = before_[ref.device][ref.instruction];
  if (IsCompute(instruction.operation)) {
    if (before != kNone) Consider({ref.device, before}, intervals[before].end, false, release);
  }
  for (int32_t wait : Device(ref.device).WaitsOf(instruction)) {
    Consider({ref.device, wait}, intervals[wait].end, false, release);
  }
  if (!IsCompute(instruction.operation) && before != kNone) {
    Consider({ref.device, before}, intervals[before].start, true, release);
  }
}

Release Dependencies::WhatReleased(const Trace& trace, InstructionRef ref) const {
  Release release;
  ConsiderOwn(trace, ref, release);
  if (const int32_t round = round_[ref.device][ref.instruction]; round != kNone) {
    for (const InstructionRef& participant : rounds_[round]) {
      if (participant.device != ref.device) ConsiderOwn(trace, participant, release);
    }
  }
  const InstructionRef peer = PeerOf(ref);
  if (peer.instruction == kNone) return release;
  if (transport_.rendezvous()) {
    ConsiderOwn(trace, peer, release);
  } else if (std::holds_alternative<Send>(Device(ref.device).instructions[ref.instruction].operation)) {
    const int32_t emptied_by = emptied_by_[ref.device][ref.instruction];
    if (emptied_by != kNone) {
      Consider({peer.device, emptied_by}, trace.devices[peer.device][emptied_by].end, false, release);
    }
  } else {
    Consider(peer, trace.devices[peer.device][peer.instruction].start, true, release);
  }
  return release;
}

InstructionRef Dependencies::WaitedFor(const Trace& trace, InstructionRef ref) const {
  Release release = WhatReleased(trace, ref);
  while (release.by.instruction != kNone &&
         !IsCompute(Device(release.by.device).instructions[release.by.instruction].operation)) {
    release = WhatReleased(trace, release.by);
  }
  return release.by;
}

}  // namespace baton
