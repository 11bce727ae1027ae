// Transfers and collectives in a simulation.
#include <algorithm>
#include <utility>
#include <vector>

#include "schedules/simulate/simulation.h"

namespace baton {

void Simulation::Matched(const TransferQueues::Side& send, const TransferQueues::Side& recv) {
  Interval& out = Begin(send);
  Interval& in = Begin(recv);
  out.start = in.start = std::max(out.ready, in.ready);
  Carry(send.own, recv.own, queues_->LaneOf(send.own.device, send.own.instruction), out.start);
}

void Simulation::Buffered(const TransferQueues::Side& send, InstructionRef emptied_by) {
  Interval& out = Begin(send);
  out.start = emptied_by.device < 0 ? out.ready : std::max(out.ready, At(emptied_by).end);
  if (costs_.fix_transfers()) return End(send.own, out.start + costs_.OfTransfer(send.own, send.own));
  End(send.own,
      links_.Take(queues_->LaneOf(send.own.device, send.own.instruction), out.start, costs_.MessageBytes(send.own)));
}

void Simulation::Delivered(const TransferQueues::Side& recv, InstructionRef sent_by) {
  Interval& in = Begin(recv);
  in.start = std::max(in.ready, At(sent_by).start);
  End(recv.own, std::max(in.start, At(sent_by).end));
}

void Simulation::Met(const std::vector<TransferQueues::Side>& sides) {
  std::vector<InstructionRef> met;
  for (const TransferQueues::Side& side : sides) {
    Begin(side);
    met.push_back(side.own);
  }
  Combine(met);
}

Interval& Simulation::Begin(const TransferQueues::Side& side) {
  Interval& own = At(side.own);
  if (side.previous.device >= 0) own.ready = std::max(own.ready, At(side.previous).start);
  return own;
}

absl::Status Simulation::Exchange(InstructionRef ref, const Operation& operation, Nanos waits_end) {
  if (IsTransfer(operation)) {
    PostTransfer(ref, waits_end);
    return absl::OkStatus();
  }
  const int32_t group = GroupOf(operation);
  if (!collectives_.HasGroup(group)) return Error(ref.device, ref.instruction, "names a group that does not exist");
  PostCollective(ref, group, waits_end);
  return absl::OkStatus();
}

void Simulation::PostTransfer(InstructionRef ref, Nanos waits_end) {
  if (queues_) {
    At(ref).ready = waits_end;
    queues_->Post(ref.device, ref.instruction, *this);
  } else if (const auto match = transfers_.Post(ref, waits_end, trace_)) {
    Carry(match->send, match->recv, match->lane, At(ref).start);
  }
}

void Simulation::PostCollective(InstructionRef ref, int32_t group, Nanos waits_end) {
  At(ref).ready = waits_end;
  if (queues_) {
    queues_->Post(ref.device, ref.instruction, *this);
  } else if (const std::vector<InstructionRef>* met = collectives_.Arrive(ref, group)) {
    Combine(*met);
  }
}

void Simulation::Carry(InstructionRef send, InstructionRef recv, int32_t lane, Nanos start) {
  if (costs_.fix_transfers()) {
    End(send, start + costs_.OfTransfer(send, send));
    End(recv, start + costs_.OfTransfer(recv, send));
    return;
  }
  const Bytes bytes = costs_.MessageBytes(send);
  if (links_.IsShared(lane)) return links_.Wait({start, send, recv, lane, bytes});
  EndBoth(send, recv, links_.Take(lane, start, bytes));
}

void Simulation::Combine(const std::vector<InstructionRef>& met) {
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

void Simulation::EndCollective(int32_t group, Nanos begin) {
  const std::vector<InstructionRef> met = std::move(collectives_.Started(group).front());
  collectives_.Started(group).pop_front();
  for (const InstructionRef ref : met) {
    End(ref, begin + (costs_.are_given() ? costs_.Given(ref) : collectives_.DurationOf(group)));
  }
}

}  // namespace baton
