// The slots that an operation reads and writes, with their roles: the only list of slot operands. Used by passes and
// rules that track buffers, and by fields.h, which adds the other operands.
//
//     ForEachOperand(instruction.operation, [&](SlotId slot, SlotKind role, Access access) {
//       if (slot != kNoSlot && access == Access::kWrite) writer_of_slot[slot] = index;
//     });
#ifndef BATON_SCHEDULES_PROGRAM_OPERANDS_H_
#define BATON_SCHEDULES_PROGRAM_OPERANDS_H_

#include <type_traits>
#include <variant>

#include "schedules/program/program.h"

namespace baton {

enum class Access : int8_t { kRead, kWrite };

// Calls visit(SlotKind role, Access access, const char* name, SlotId& slot) for each operand of `operation`, a struct
// of the variant, const or not; reads before writes. Visits operands that are kNoSlot too. The role is that of the
// operand, not the slot's kind: a Forward's output has the role kOutput even if its slot is the kInput slot of the next
// chunk on the same device.
template <typename Struct, typename Visit>
void VisitOperands(Struct& operation, Visit&& visit) {
  using Kind = std::remove_const_t<Struct>;
  using K = SlotKind;
  constexpr Access kRead = Access::kRead;
  constexpr Access kWrite = Access::kWrite;
  constexpr bool is_forward = std::is_same_v<Kind, Forward>;
  constexpr bool is_recompute = std::is_same_v<Kind, Recompute>;
  constexpr bool is_weight = std::is_same_v<Kind, BackwardWeight>;
  constexpr bool is_half = std::is_same_v<Kind, BackwardInput>;
  constexpr bool is_input = std::is_same_v<Kind, Backward> || is_half;
  if constexpr (std::is_same_v<Kind, Load>) {
    visit(operation.kind == DataKind::kInputs ? K::kInput : K::kTargets, kWrite, "slot", operation.slot);
  } else if constexpr (std::is_same_v<Kind, Send>) {
    visit(operation.payload == Payload::kActivation ? K::kOutput : K::kGradInput, kRead, "slot", operation.slot);
  } else if constexpr (std::is_same_v<Kind, Recv>) {
    visit(operation.payload == Payload::kActivation ? K::kInput : K::kGradOutput, kWrite, "slot", operation.slot);
  }
  if constexpr (is_forward || is_input || is_weight || is_recompute) {
    constexpr Access kSaves = is_forward ? kWrite : kRead;
    constexpr Access kMakesAgain = is_forward || is_recompute ? kWrite : kRead;
    visit(K::kInput, kRead, "input", operation.input);
    if constexpr (!is_weight) visit(K::kTargets, kRead, "targets", operation.targets);
    if constexpr (is_forward) visit(K::kOutput, kWrite, "output", operation.output);
    if constexpr (!is_weight) visit(K::kSaved, kSaves, "saved", operation.saved);
    visit(K::kSavedWeight, kSaves, "saved_weight", operation.saved_weight);
    if constexpr (!is_weight) visit(K::kRecomputed, kMakesAgain, "recomputed", operation.recomputed);
    visit(K::kRecomputedWeight, kMakesAgain, "recomputed_weight", operation.recomputed_weight);
  }
  if constexpr (is_input || is_weight) visit(K::kGradOutput, kRead, "grad_output", operation.grad_output);
  if constexpr (is_input) visit(K::kGradInput, kWrite, "grad_input", operation.grad_input);
  if constexpr (is_half || is_weight) visit(K::kStash, is_half ? kWrite : kRead, "stash", operation.stash);
}

// Calls visit(SlotId slot, SlotKind role, Access access) for each operand of any operation, in the same order.
template <typename Visit>
void ForEachOperand(const Operation& operation, Visit&& visit) {
  std::visit(
      [&](const auto& kind) {
        VisitOperands(kind, [&](SlotKind role, Access access, const char*, SlotId slot) { visit(slot, role, access); });
      },
      operation);
}

}  // namespace baton

#endif  // BATON_SCHEDULES_PROGRAM_OPERANDS_H_
