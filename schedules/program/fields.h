// The operands of each operation, with their names and roles, in one place. Used by what treats all operations alike:
// the text and proto forms, equality and the check of indices. Whoever acts on an operation matches the variant
// instead.
#ifndef BATON_SCHEDULES_PROGRAM_FIELDS_H_
#define BATON_SCHEDULES_PROGRAM_FIELDS_H_

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <variant>

#include "schedules/program/instruction.h"

namespace baton {

enum class FieldRole : int8_t {
  kChunk,
  kMicroBatch,
  kKind,   // DataKind or Payload
  kPeer,   // a device
  kGroup,  // index into Program::reduce_groups
  kReads,  // a SlotId, kNoSlot allowed
  kWrites,
};

// In the order of the variant; also the names of proto::Instruction's fields.
inline constexpr const char* kOperationNames[] = {
    "load", "forward", "backward", "backward_input", "backward_weight", "recompute", "send", "recv", "reduce", "step"};
static_assert(std::size(kOperationNames) == std::variant_size_v<Operation>);

// Calls visit(role, name, field) for each operand of `operation`, a struct of the variant, const or not. `field` is an
// int32_t& except for kKind, where it is the enum's.
template <typename Struct, typename Visit>
void VisitFields(Struct& operation, Visit&& visit) {
  using Kind = std::remove_const_t<Struct>;
  constexpr bool is_backward = std::is_same_v<Kind, Backward> || std::is_same_v<Kind, BackwardInput>;
  if constexpr (std::is_same_v<Kind, Load>) {
    visit(FieldRole::kKind, "kind", operation.kind);
  } else if constexpr (std::is_same_v<Kind, Send> || std::is_same_v<Kind, Recv>) {
    visit(FieldRole::kKind, "payload", operation.payload);
  }
  if constexpr (std::is_same_v<Kind, Reduce>) {
    visit(FieldRole::kGroup, "group", operation.group);
  } else {
    visit(FieldRole::kChunk, "chunk", operation.chunk);
    if constexpr (!std::is_same_v<Kind, Step>) visit(FieldRole::kMicroBatch, "micro_batch", operation.micro_batch);
  }
  if constexpr (std::is_same_v<Kind, Load> || std::is_same_v<Kind, Recv>) {
    visit(FieldRole::kWrites, "slot", operation.slot);
  } else if constexpr (std::is_same_v<Kind, Send>) {
    visit(FieldRole::kReads, "slot", operation.slot);
  } else if constexpr (std::is_same_v<Kind, Forward>) {
    visit(FieldRole::kReads, "input", operation.input);
    visit(FieldRole::kReads, "targets", operation.targets);
    visit(FieldRole::kWrites, "output", operation.output);
    visit(FieldRole::kWrites, "saved", operation.saved);
    visit(FieldRole::kWrites, "saved_weight", operation.saved_weight);
    visit(FieldRole::kWrites, "recomputed", operation.recomputed);
    visit(FieldRole::kWrites, "recomputed_weight", operation.recomputed_weight);
  } else if constexpr (is_backward) {
    visit(FieldRole::kReads, "input", operation.input);
    visit(FieldRole::kReads, "targets", operation.targets);
    visit(FieldRole::kReads, "saved", operation.saved);
    visit(FieldRole::kReads, "saved_weight", operation.saved_weight);
    visit(FieldRole::kReads, "recomputed", operation.recomputed);
    visit(FieldRole::kReads, "recomputed_weight", operation.recomputed_weight);
    visit(FieldRole::kReads, "grad_output", operation.grad_output);
    visit(FieldRole::kWrites, "grad_input", operation.grad_input);
    if constexpr (std::is_same_v<Kind, BackwardInput>) visit(FieldRole::kWrites, "stash", operation.stash);
  } else if constexpr (std::is_same_v<Kind, BackwardWeight>) {
    visit(FieldRole::kReads, "input", operation.input);
    visit(FieldRole::kReads, "saved_weight", operation.saved_weight);
    visit(FieldRole::kReads, "recomputed_weight", operation.recomputed_weight);
    visit(FieldRole::kReads, "grad_output", operation.grad_output);
    visit(FieldRole::kReads, "stash", operation.stash);
  } else if constexpr (std::is_same_v<Kind, Recompute>) {
    visit(FieldRole::kReads, "input", operation.input);
    visit(FieldRole::kReads, "targets", operation.targets);
    visit(FieldRole::kReads, "saved", operation.saved);
    visit(FieldRole::kReads, "saved_weight", operation.saved_weight);
    visit(FieldRole::kWrites, "recomputed", operation.recomputed);
    visit(FieldRole::kWrites, "recomputed_weight", operation.recomputed_weight);
  }
  if constexpr (std::is_same_v<Kind, Send> || std::is_same_v<Kind, Recv>) {
    visit(FieldRole::kPeer, "peer", operation.peer);
  }
}

// An operation of the variant's alternative `index`, all operands zero; index < std::variant_size_v<Operation>.
template <size_t candidate = 0>
Operation MakeOperation(size_t index) {
  if constexpr (candidate + 1 < std::variant_size_v<Operation>) {
    if (index != candidate) return MakeOperation<candidate + 1>(index);
  }
  return std::variant_alternative_t<candidate, Operation>{};
}

}  // namespace baton

#endif  // BATON_SCHEDULES_PROGRAM_FIELDS_H_
