// The buffer slots that an operation reads and writes, and in which role. Used by every pass and rule that follows
// buffers, so that the operands of an operation are listed once.
#ifndef BATON_SCHEDULES_PROGRAM_OPERANDS_H_
#define BATON_SCHEDULES_PROGRAM_OPERANDS_H_

#include "schedules/program/program.h"

namespace baton {

enum class Access : int8_t { kRead, kWrite };

// Calls visit(SlotId slot, SlotKind role, Access access) for each operand, reads before writes; an operand that is
// kNoSlot is visited too. The role is what the operation takes the slot for: a Forward's output has the role kOutput
// also where it is, on the same device, the next chunk's kInput slot.
template <typename Visit>
void ForEachOperand(const Operation& operation, Visit&& visit) {
  using K = SlotKind;
  constexpr Access kRead = Access::kRead;
  constexpr Access kWrite = Access::kWrite;
  std::visit(
      Overloaded{
          [&](const Load& load) { visit(load.slot, load.kind == DataKind::kInputs ? K::kInput : K::kTargets, kWrite); },
          [&](const Forward& forward) {
            visit(forward.input, K::kInput, kRead);
            visit(forward.targets, K::kTargets, kRead);
            visit(forward.output, K::kOutput, kWrite);
            visit(forward.saved, K::kSaved, kWrite);
            visit(forward.saved_weight, K::kSavedWeight, kWrite);
            visit(forward.recomputed, K::kRecomputed, kWrite);
            visit(forward.recomputed_weight, K::kRecomputedWeight, kWrite);
          },
          [&](const Backward& backward) {
            visit(backward.input, K::kInput, kRead);
            visit(backward.targets, K::kTargets, kRead);
            visit(backward.saved, K::kSaved, kRead);
            visit(backward.saved_weight, K::kSavedWeight, kRead);
            visit(backward.recomputed, K::kRecomputed, kRead);
            visit(backward.recomputed_weight, K::kRecomputedWeight, kRead);
            visit(backward.grad_output, K::kGradOutput, kRead);
            visit(backward.grad_input, K::kGradInput, kWrite);
          },
          [&](const BackwardInput& backward) {
            visit(backward.input, K::kInput, kRead);
            visit(backward.targets, K::kTargets, kRead);
            visit(backward.saved, K::kSaved, kRead);
            visit(backward.saved_weight, K::kSavedWeight, kRead);
            visit(backward.recomputed, K::kRecomputed, kRead);
            visit(backward.recomputed_weight, K::kRecomputedWeight, kRead);
            visit(backward.grad_output, K::kGradOutput, kRead);
            visit(backward.grad_input, K::kGradInput, kWrite);
            visit(backward.stash, K::kStash, kWrite);
          },
          [&](const BackwardWeight& backward) {
            visit(backward.input, K::kInput, kRead);
            visit(backward.saved_weight, K::kSavedWeight, kRead);
            visit(backward.recomputed_weight, K::kRecomputedWeight, kRead);
            visit(backward.grad_output, K::kGradOutput, kRead);
            visit(backward.stash, K::kStash, kRead);
          },
          [&](const Recompute& recompute) {
            visit(recompute.input, K::kInput, kRead);
            visit(recompute.targets, K::kTargets, kRead);
            visit(recompute.saved, K::kSaved, kRead);
            visit(recompute.saved_weight, K::kSavedWeight, kRead);
            visit(recompute.recomputed, K::kRecomputed, kWrite);
            visit(recompute.recomputed_weight, K::kRecomputedWeight, kWrite);
          },
          [&](const Send& send) {
            visit(send.slot, send.payload == Payload::kActivation ? K::kOutput : K::kGradInput, kRead);
          },
          [&](const Recv& recv) {
            visit(recv.slot, recv.payload == Payload::kActivation ? K::kInput : K::kGradOutput, kWrite);
          },
          [](const Reduce&) {},
          [](const Step&) {},
      },
      operation);
}

}  // namespace baton

#endif  // BATON_SCHEDULES_PROGRAM_OPERANDS_H_
