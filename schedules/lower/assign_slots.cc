// The linear scan; see assign_slots.h.
#include "schedules/lower/assign_slots.h"

namespace baton {
namespace {

Bytes BytesOf(SlotKind kind, const ChunkCosts& chunk) {
  switch (kind) {
    case SlotKind::kInput:
    case SlotKind::kGradInput:
      return chunk.input_bytes;
    case SlotKind::kTargets:
      return chunk.targets_bytes;
    case SlotKind::kOutput:
    case SlotKind::kGradOutput:
      return chunk.output_bytes;
    case SlotKind::kSaved:
      return chunk.saved_bytes;
    case SlotKind::kSavedWeight:
      return chunk.saved_weight_bytes;
    case SlotKind::kStash:
      return chunk.stash_bytes;
    case SlotKind::kRecomputed:
      return chunk.recomputed_bytes;
    case SlotKind::kRecomputedWeight:
      return chunk.recomputed_weight_bytes;
  }
  return 0;
}

}  // namespace

SlotAssigner::SlotAssigner(const ComputeOrder& order, const OrderIndex& index, const CostModel& costs)
    : order_(order),
      index_(index),
      num_micro_batches_(order.num_micro_batches),
      forward_only_(index.forward_only),
      costs_(costs),
      local_of_chunk_(order.num_chunks, -1) {
  for (const ChunkCosts& chunk : costs.chunks) can_recompute_.push_back(chunk.can_recompute);
  for (const std::vector<Action>& actions : order.devices) {
    for (const Action& action : actions) {
      if (action.kind == ActionKind::kRecompute) can_recompute_[action.chunk] = true;
    }
  }
}

void SlotAssigner::Assign(const std::vector<int32_t>& chunks, const OrderTimes& times, int device,
                          DeviceProgram& program) {
  start_ = &times.start[device];
  end_ = &times.end[device];
  has_transfers_ = times.has_transfers;
  device_ = device;
  position_ = 0;
  last_result_ = kNoSlot;
  slots_ = &program.slots;
  classes_.clear();
  class_of_.resize(chunks.size() * kNumKinds);
  slot_of_.resize(class_of_.size() * num_micro_batches_);
  std::map<std::pair<SlotKind, Bytes>, int> known;
  for (size_t local = 0; local < chunks.size(); ++local) {
    local_of_chunk_[chunks[local]] = static_cast<int32_t>(local);
    for (int kind = 0; kind < kNumKinds; ++kind) {
      const SlotKind slot_kind = static_cast<SlotKind>(kind);
      class_of_[local * kNumKinds + kind] = ClassOf(slot_kind, BytesOf(slot_kind, costs_.chunks[chunks[local]]), known);
    }
  }
  for (Instruction& instruction : program.instructions) {
    std::visit([this](auto& operation) { Fill(operation); }, instruction.operation);
  }
}

int SlotAssigner::ClassOf(SlotKind kind, Bytes bytes, std::map<std::pair<SlotKind, Bytes>, int>& known) {
  const auto [entry, is_new] = known.insert({{kind, bytes}, static_cast<int>(classes_.size())});
  if (is_new) {
    classes_.emplace_back();
    classes_.back().kind = kind;
    classes_.back().bytes = bytes;
  }
  return entry->second;
}

SlotId SlotAssigner::NewSlot(const SlotClass& slot_class) {
  slots_->push_back({slot_class.kind, slot_class.bytes, 0});
  return static_cast<SlotId>(slots_->size()) - 1;
}

SlotId SlotAssigner::Take(SlotKind kind, int chunk, int micro_batch) {
  SlotClass& slot_class = Class(kind, chunk);
  SlotId slot;
  if (slot_class.free.empty()) {
    slot = NewSlot(slot_class);
  } else {
    slot = slot_class.free.back();
    slot_class.free.pop_back();
  }
  SlotOf(kind, chunk, micro_batch) = slot;
  return slot;
}

SlotId SlotAssigner::TakeSent(SlotKind kind, int chunk, int receiver) {
  SlotClass& slot_class = Class(kind, chunk);
  SlotId slot;
  // The first slot of the queue is free first: actions end in order, and transfers of one size take equally long. If
  // links differ, a later slot may be free earlier; it is then reused later than possible.
  const bool is_any = slot_class.first_sent < slot_class.sent.size();
  const Sent first = is_any ? slot_class.sent[slot_class.first_sent] : Sent{};
  if (is_any && first.free_at <= (*start_)[position_] && first.position + 1 < position_) {
    slot = first.slot;
    ++slot_class.first_sent;
  } else {
    slot = NewSlot(slot_class);
  }
  const Nanos transfer = has_transfers_ ? costs_.TransferNanos(kind == SlotKind::kOutput ? chunk : chunk - 1, device_,
                                                               receiver, slot_class.bytes)
                                        : 0;
  slot_class.sent.push_back({slot, (*end_)[position_] + transfer, position_});
  return slot;
}

void SlotAssigner::Release(SlotKind kind, int chunk, int micro_batch) {
  Class(kind, chunk).free.push_back(SlotOf(kind, chunk, micro_batch));
}

SlotId SlotAssigner::TakeResult(SlotKind kind, int chunk, int micro_batch) {
  const bool is_output = kind == SlotKind::kOutput;
  const int neighbour = is_output ? chunk + 1 : chunk - 1;
  if (neighbour < 0 || neighbour >= order_.num_chunks) return kNoSlot;
  const int32_t receiver = order_.DeviceOf(neighbour, micro_batch);
  if (receiver == device_) {
    return Take(is_output ? SlotKind::kInput : SlotKind::kGradOutput, neighbour, micro_batch);
  }
  last_result_ = TakeSent(kind, chunk, receiver);
  return last_result_;
}

void SlotAssigner::Fill(Load& load) {
  load.slot =
      Take(load.kind == DataKind::kInputs ? SlotKind::kInput : SlotKind::kTargets, load.chunk, load.micro_batch);
}

void SlotAssigner::Fill(Recv& recv) {
  recv.slot = Take(recv.payload == Payload::kActivation ? SlotKind::kInput : SlotKind::kGradOutput, recv.chunk,
                   recv.micro_batch);
}

void SlotAssigner::Fill(Send& send) { send.slot = last_result_; }

void SlotAssigner::Fill(Forward& forward) {
  const int chunk = forward.chunk;
  const int micro_batch = forward.micro_batch;
  forward.input = SlotOf(SlotKind::kInput, chunk, micro_batch);
  if (IsLast(chunk)) forward.targets = SlotOf(SlotKind::kTargets, chunk, micro_batch);
  forward.output = TakeResult(SlotKind::kOutput, chunk, micro_batch);
  forward.saved = Take(SlotKind::kSaved, chunk, micro_batch);
  forward.saved_weight = Take(SlotKind::kSavedWeight, chunk, micro_batch);
  if (CanRecompute(chunk)) {
    forward.recomputed = Take(SlotKind::kRecomputed, chunk, micro_batch);
    forward.recomputed_weight = Take(SlotKind::kRecomputedWeight, chunk, micro_batch);
    if (forward_only_ || Recomputes(chunk, micro_batch)) {
      Release(SlotKind::kRecomputed, chunk, micro_batch);
      Release(SlotKind::kRecomputedWeight, chunk, micro_batch);
    }
  }
  if (forward_only_) {
    Release(SlotKind::kInput, chunk, micro_batch);
    if (IsLast(chunk)) Release(SlotKind::kTargets, chunk, micro_batch);
    Release(SlotKind::kSaved, chunk, micro_batch);
    Release(SlotKind::kSavedWeight, chunk, micro_batch);
  }
  ++position_;
}

void SlotAssigner::Fill(Backward& backward) {
  const int chunk = backward.chunk;
  const int micro_batch = backward.micro_batch;
  const bool is_last = IsLast(chunk);
  backward.input = SlotOf(SlotKind::kInput, chunk, micro_batch);
  if (is_last) backward.targets = SlotOf(SlotKind::kTargets, chunk, micro_batch);
  backward.saved = SlotOf(SlotKind::kSaved, chunk, micro_batch);
  backward.saved_weight = SlotOf(SlotKind::kSavedWeight, chunk, micro_batch);
  if (!is_last) backward.grad_output = SlotOf(SlotKind::kGradOutput, chunk, micro_batch);
  backward.grad_input = TakeResult(SlotKind::kGradInput, chunk, micro_batch);
  if (CanRecompute(chunk)) {
    backward.recomputed = SlotOf(SlotKind::kRecomputed, chunk, micro_batch);
    backward.recomputed_weight = SlotOf(SlotKind::kRecomputedWeight, chunk, micro_batch);
    Release(SlotKind::kRecomputed, chunk, micro_batch);
    Release(SlotKind::kRecomputedWeight, chunk, micro_batch);
  }
  Release(SlotKind::kInput, chunk, micro_batch);
  Release(SlotKind::kSaved, chunk, micro_batch);
  Release(SlotKind::kSavedWeight, chunk, micro_batch);
  Release(is_last ? SlotKind::kTargets : SlotKind::kGradOutput, chunk, micro_batch);
  ++position_;
}

void SlotAssigner::Fill(BackwardInput& backward) {
  const int chunk = backward.chunk;
  const int micro_batch = backward.micro_batch;
  const bool is_last = IsLast(chunk);
  backward.input = SlotOf(SlotKind::kInput, chunk, micro_batch);
  if (is_last) backward.targets = SlotOf(SlotKind::kTargets, chunk, micro_batch);
  backward.saved = SlotOf(SlotKind::kSaved, chunk, micro_batch);
  backward.saved_weight = SlotOf(SlotKind::kSavedWeight, chunk, micro_batch);
  if (!is_last) backward.grad_output = SlotOf(SlotKind::kGradOutput, chunk, micro_batch);
  backward.grad_input = TakeResult(SlotKind::kGradInput, chunk, micro_batch);
  backward.stash = Take(SlotKind::kStash, chunk, micro_batch);
  if (CanRecompute(chunk)) {
    backward.recomputed = SlotOf(SlotKind::kRecomputed, chunk, micro_batch);
    backward.recomputed_weight = SlotOf(SlotKind::kRecomputedWeight, chunk, micro_batch);
    Release(SlotKind::kRecomputed, chunk, micro_batch);
  }
  Release(SlotKind::kSaved, chunk, micro_batch);
  if (is_last) Release(SlotKind::kTargets, chunk, micro_batch);
  ++position_;
}

void SlotAssigner::Fill(BackwardWeight& backward) {
  const int chunk = backward.chunk;
  const int micro_batch = backward.micro_batch;
  backward.input = SlotOf(SlotKind::kInput, chunk, micro_batch);
  backward.saved_weight = SlotOf(SlotKind::kSavedWeight, chunk, micro_batch);
  if (!IsLast(chunk)) backward.grad_output = SlotOf(SlotKind::kGradOutput, chunk, micro_batch);
  backward.stash = SlotOf(SlotKind::kStash, chunk, micro_batch);
  if (CanRecompute(chunk)) {
    backward.recomputed_weight = SlotOf(SlotKind::kRecomputedWeight, chunk, micro_batch);
    Release(SlotKind::kRecomputedWeight, chunk, micro_batch);
  }
  Release(SlotKind::kInput, chunk, micro_batch);
  Release(SlotKind::kSavedWeight, chunk, micro_batch);
  if (!IsLast(chunk)) Release(SlotKind::kGradOutput, chunk, micro_batch);
  Release(SlotKind::kStash, chunk, micro_batch);
  ++position_;
}

void SlotAssigner::Fill(Recompute& recompute) {
  const int chunk = recompute.chunk;
  const int micro_batch = recompute.micro_batch;
  recompute.input = SlotOf(SlotKind::kInput, chunk, micro_batch);
  if (IsLast(chunk)) recompute.targets = SlotOf(SlotKind::kTargets, chunk, micro_batch);
  recompute.saved = SlotOf(SlotKind::kSaved, chunk, micro_batch);
  recompute.saved_weight = SlotOf(SlotKind::kSavedWeight, chunk, micro_batch);
  recompute.recomputed = Take(SlotKind::kRecomputed, chunk, micro_batch);
  recompute.recomputed_weight = Take(SlotKind::kRecomputedWeight, chunk, micro_batch);
  ++position_;
}

}  // namespace baton
