// How each kind of instruction runs: module calls, transfers, sums, and the addresses that they are given.
#include "base/status.h"
#include "runtime/execute/worker.h"
#include "schedules/program/operands.h"

namespace baton {
namespace {

// Sets the buffer that a slot of this role is.
void SetBuffer(PassBuffers& buffers, SlotKind role, std::byte* address) {
  switch (role) {
    case SlotKind::kInput:
      buffers.input = address;
      return;
    case SlotKind::kTargets:
      buffers.targets = address;
      return;
    case SlotKind::kOutput:
      buffers.output = address;
      return;
    case SlotKind::kSaved:
      buffers.saved = address;
      return;
    case SlotKind::kSavedWeight:
      buffers.saved_weight = address;
      return;
    case SlotKind::kGradOutput:
      buffers.grad_output = address;
      return;
    case SlotKind::kGradInput:
      buffers.grad_input = address;
      return;
    case SlotKind::kStash:
      buffers.stash = address;
      return;
    case SlotKind::kRecomputed:
      buffers.recomputed = address;
      return;
    case SlotKind::kRecomputedWeight:
      buffers.recomputed_weight = address;
      return;
  }
}

}  // namespace

inline std::byte* Worker::AddressOf(SlotId slot) {
  if (slot == kNoSlot) return nullptr;
  const Slot& allocated = program_.slots[slot];
  CountUse(allocated.offset + allocated.bytes);
  return arena_ + allocated.offset;
}

absl::Status Worker::Run(int32_t index, const Operation& operation, Stream& stream) {
  const std::vector<StageModule*>& modules = environment_.modules;
  auto finish = [&](const absl::Status& status) { return status.ok() ? stream.Record(*done_[index]) : status; };
  return std::visit(
      Overloaded{
          [&](const Load& load) {
            std::byte* slot = AddressOf(load.slot);
            return finish(modules[load.chunk]->Load(stream, load.kind, load.micro_batch, slot));
          },
          [&](const Forward& forward) {
            return finish(modules[forward.chunk]->Forward(stream, forward.micro_batch, BuffersOf(forward)));
          },
          [&](const Backward& backward) {
            return finish(modules[backward.chunk]->Backward(stream, backward.micro_batch, BuffersOf(backward)));
          },
          [&](const BackwardInput& half) {
            return finish(modules[half.chunk]->BackwardInput(stream, half.micro_batch, BuffersOf(half)));
          },
          [&](const BackwardWeight& half) {
            return finish(modules[half.chunk]->BackwardWeight(stream, half.micro_batch, BuffersOf(half)));
          },
          [&](const Recompute& again) {
            return finish(modules[again.chunk]->Recompute(stream, again.micro_batch, BuffersOf(again)));
          },
          [&](const Send& send) {
            return environment_.send_channels[send.peer]->Send(
                stream, AddressOf(send.slot), program_.slots[send.slot].bytes, *done_[index], started_[index].get());
          },
          [&](const Recv& recv) {
            return environment_.receive_channels[recv.peer]->Receive(
                stream, AddressOf(recv.slot), program_.slots[recv.slot].bytes, *done_[index], started_[index].get());
          },
          [&](const AllReduce& reduce) { return RunCollective(index, reduce.group, stream); },
          [&](const AllGather& gather) { return RunCollective(index, gather.group, stream); },
          [&](const ReduceScatter& reduce) { return RunCollective(index, reduce.group, stream); },
          [&](const Update& update) { return finish(modules[update.chunk]->Update(stream)); },
      },
      operation);
}

absl::Status Worker::RunCollective(int32_t index, int32_t group, Stream& stream) {
  const Program& program = *environment_.program;
  reduce_buffers_.clear();
  const std::vector<int32_t>& members = program.reduce_groups[group].members;
  for (int member = 0; member < static_cast<int>(members.size()); ++member) {
    const ChunkReplica& replica = program.placement.replicas()[members[member]];
    if (replica.device != environment_.device->index()) continue;
    StageModule& module = *environment_.modules[replica.chunk];
    BATON_ASSIGN_OR_RETURN(ReduceBuffer buffer, module.PrepareReduce(stream, group, member));
    reduce_buffers_.push_back(buffer);
  }
  return environment_.collectives[group]->Arrive(stream, environment_.device->index(), reduce_buffers_, *done_[index],
                                                 started_[index].get());
}

template <typename Compute>
PassBuffers Worker::BuffersOf(const Compute& operation) {
  CountUse(program_.workspace_offset + program_.workspace_bytes);
  PassBuffers buffers;
  buffers.scratch = arena_ + program_.workspace_offset;
  VisitOperands(operation,
                [&](SlotKind role, Access, const char*, SlotId slot) { SetBuffer(buffers, role, AddressOf(slot)); });
  return buffers;
}

}  // namespace baton
