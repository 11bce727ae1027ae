// Turns actions, receives and sends into instructions; see emit_instructions.h.
#include "schedules/lower/emit_instructions.h"

namespace baton {
namespace {

class Emitter {
 public:
  Emitter(const ComputeOrder& order, const std::vector<ReduceGroup>& groups, int device)
      : order_(order), groups_(groups), device_(device) {}

  std::vector<Instruction> Run(const std::vector<Receive>& receives, const Finish& finish) {
    const std::vector<Action>& actions = order_.devices[device_];
    // Each action has at most one Send. Loads are not counted: few, or they grow the vector once.
    instructions_.reserve(2 * actions.size() + receives.size() + finish.replica_sums.size() +
                          finish.reduce_groups.size() + 2 * finish.chunks.size());
    for (int32_t group : finish.gathers) EmitCollective(group);
    size_t next = 0;
    size_t next_sum = 0;
    const auto emit_sums_until = [&](int position) {
      for (; next_sum < finish.replica_sums.size() && finish.replica_sums[next_sum].position < position; ++next_sum) {
        EmitCollective(finish.replica_sums[next_sum].group);
      }
    };
    for (int position = 0; position < static_cast<int>(actions.size()); ++position) {
      const auto is_here = [&] { return next < receives.size() && receives[next].before == position; };
      for (; is_here() && receives[next].before_send; ++next) EmitReceive(actions, receives[next]);
      if (position > 0) EmitSendOf(actions[position - 1]);
      emit_sums_until(position);
      for (; is_here(); ++next) EmitReceive(actions, receives[next]);
      EmitAction(actions[position]);
    }
    if (!actions.empty()) EmitSendOf(actions.back());
    emit_sums_until(static_cast<int>(actions.size()));
    for (int32_t group : finish.reduce_groups) EmitCollective(group);
    for (const int32_t chunk : finish.chunks) Emit(Update{chunk});
    return std::move(instructions_);
  }

 private:
  void Emit(const Operation& operation) { instructions_.push_back({operation}); }

  void EmitCollective(int32_t group) {
    switch (groups_[group].kind) {
      case ReduceKind::kShardGradient:
        return Emit(ReduceScatter{group});
      case ReduceKind::kShardedUpdate:
      case ReduceKind::kTiedShards:
        return Emit(AllGather{group});
      case ReduceKind::kTiedGradient:
      case ReduceKind::kGradientNorm:
      case ReduceKind::kReplicaGradient:
        return Emit(AllReduce{group});
    }
  }

  void EmitReceive(const std::vector<Action>& actions, const Receive& receive) {
    const Action& consumer = actions[receive.consumer];
    const Payload payload = consumer.kind == ActionKind::kForward ? Payload::kActivation : Payload::kGradient;
    Emit(Recv{consumer.chunk, consumer.micro_batch, payload, receive.sender, kNoSlot});
  }

  void EmitAction(const Action& action) {
    const int32_t chunk = action.chunk;
    const int32_t micro_batch = action.micro_batch;
    switch (action.kind) {
      case ActionKind::kForward:
        if (chunk == 0) Emit(Load{chunk, micro_batch, DataKind::kInputs, kNoSlot});
        if (chunk + 1 == order_.num_chunks) Emit(Load{chunk, micro_batch, DataKind::kTargets, kNoSlot});
        Emit(Forward{chunk, micro_batch, kNoSlot, kNoSlot, kNoSlot, kNoSlot, kNoSlot});
        return;
      case ActionKind::kBackward:
        Emit(Backward{chunk, micro_batch, kNoSlot, kNoSlot, kNoSlot, kNoSlot, kNoSlot, kNoSlot});
        return;
      case ActionKind::kBackwardInput:
        Emit(BackwardInput{chunk, micro_batch, kNoSlot, kNoSlot, kNoSlot, kNoSlot, kNoSlot, kNoSlot, kNoSlot});
        return;
      case ActionKind::kBackwardWeight:
        Emit(BackwardWeight{chunk, micro_batch, kNoSlot, kNoSlot, kNoSlot, kNoSlot});
        return;
      case ActionKind::kRecompute:
        Emit(Recompute{chunk, micro_batch, kNoSlot, kNoSlot, kNoSlot, kNoSlot, kNoSlot, kNoSlot});
        return;
    }
  }

  void EmitSendOf(const Action& action) {
    if (action.kind == ActionKind::kForward) return EmitSend(action, action.chunk + 1, Payload::kActivation);
    if (IsBackward(action.kind)) EmitSend(action, action.chunk - 1, Payload::kGradient);
  }

  void EmitSend(const Action& action, int to_chunk, Payload payload) {
    if (to_chunk < 0 || to_chunk >= order_.num_chunks) return;
    const int32_t peer = order_.DeviceOf(to_chunk, action.micro_batch);
    if (peer == device_) return;
    Emit(Send{action.chunk, action.micro_batch, payload, peer, kNoSlot});
  }

  const ComputeOrder& order_;
  const std::vector<ReduceGroup>& groups_;
  const int device_;
  std::vector<Instruction> instructions_;
};

}  // namespace

std::vector<Instruction> EmitInstructions(const ComputeOrder& order, const std::vector<ReduceGroup>& groups, int device,
                                          const std::vector<Receive>& receives, const Finish& finish) {
  return Emitter(order, groups, device).Run(receives, finish);
}

}  // namespace baton
