// Turns actions, receives and sends into instructions; see emit_instructions.h.
#include "schedules/lower/emit_instructions.h"

namespace baton {
namespace {

class Emitter {
 public:
  Emitter(const ComputeOrder& order, int device) : order_(order), device_(device) {}

  std::vector<Instruction> Run(const std::vector<Receive>& receives, const Finish& finish) {
    const std::vector<Action>& actions = order_.devices[device_];
    // Each action has at most one Send; Loads are few or grow the vector once.
    instructions_.reserve(2 * actions.size() + receives.size() + finish.reduce_groups.size() +
                          finish.stepped_chunks.size());
    size_t next = 0;
    for (int position = 0; position < static_cast<int>(actions.size()); ++position) {
      for (; next < receives.size() && receives[next].before == position; ++next) {
        EmitReceive(actions[receives[next].consumer], receives[next].sender);
      }
      EmitAction(actions[position]);
    }
    for (int32_t group : finish.reduce_groups) Emit(Reduce{group});
    for (int32_t chunk : finish.stepped_chunks) Emit(Step{chunk});
    return std::move(instructions_);
  }

 private:
  void Emit(const Operation& operation) { instructions_.push_back({operation}); }

  void EmitReceive(const Action& consumer, int sender) {
    const Payload payload = consumer.kind == ActionKind::kForward ? Payload::kActivation : Payload::kGradient;
    Emit(Recv{consumer.chunk, consumer.micro_batch, payload, sender, kNoSlot});
  }

  void EmitAction(const Action& action) {
    const int32_t chunk = action.chunk;
    const int32_t micro_batch = action.micro_batch;
    switch (action.kind) {
      case ActionKind::kForward:
        if (chunk == 0) Emit(Load{chunk, micro_batch, DataKind::kInputs, kNoSlot});
        if (chunk + 1 == order_.num_chunks) Emit(Load{chunk, micro_batch, DataKind::kTargets, kNoSlot});
        Emit(Forward{chunk, micro_batch, kNoSlot, kNoSlot, kNoSlot, kNoSlot, kNoSlot});
        EmitSend(action, chunk + 1, Payload::kActivation);
        return;
      case ActionKind::kBackward:
        Emit(Backward{chunk, micro_batch, kNoSlot, kNoSlot, kNoSlot, kNoSlot, kNoSlot, kNoSlot});
        EmitSend(action, chunk - 1, Payload::kGradient);
        return;
      case ActionKind::kBackwardInput:
        Emit(BackwardInput{chunk, micro_batch, kNoSlot, kNoSlot, kNoSlot, kNoSlot, kNoSlot, kNoSlot, kNoSlot});
        EmitSend(action, chunk - 1, Payload::kGradient);
        return;
      case ActionKind::kBackwardWeight:
        Emit(BackwardWeight{chunk, micro_batch, kNoSlot, kNoSlot, kNoSlot, kNoSlot});
        return;
    }
  }

  void EmitSend(const Action& action, int to_chunk, Payload payload) {
    if (to_chunk < 0 || to_chunk >= order_.num_chunks) return;
    const int32_t peer = order_.device_of_chunk[to_chunk];
    if (peer == device_) return;
    Emit(Send{action.chunk, action.micro_batch, payload, peer, kNoSlot});
  }

  const ComputeOrder& order_;
  const int device_;
  std::vector<Instruction> instructions_;
};

}  // namespace

std::vector<Instruction> EmitInstructions(const ComputeOrder& order, int device, const std::vector<Receive>& receives,
                                          const Finish& finish) {
  return Emitter(order, device).Run(receives, finish);
}

}  // namespace baton
