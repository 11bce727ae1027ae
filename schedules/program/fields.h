// All operands of an operation, by name and role: the slots of operands.h, and the chunk, micro-batch, kind, peer and
// group. Used by code that treats all operations alike: the text and proto forms, equality and the check of indices.
// Code that executes or costs an operation matches the variant instead.
//
//     const auto print = [](FieldRole, const char* name, auto value) { std::cout << name << " " << int{value} << "\n";
//     }; std::visit([&](const auto& each) { VisitFields(each, print); }, instruction.operation);
#ifndef BATON_SCHEDULES_PROGRAM_FIELDS_H_
#define BATON_SCHEDULES_PROGRAM_FIELDS_H_

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <variant>

#include "schedules/program/instruction.h"
#include "schedules/program/operands.h"

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
inline constexpr size_t kNumFieldRoles = 7;

// Names of operations, in the order of the variant; also the names of proto::Instruction's fields.
inline constexpr const char* kOperationNames[] = {
    "load", "forward", "backward",   "backward_input", "backward_weight", "recompute",
    "send", "recv",    "all_reduce", "update",         "all_gather",      "reduce_scatter"};
static_assert(std::size(kOperationNames) == std::variant_size_v<Operation>);

// Calls visit(FieldRole role, const char* name, auto& field) for each operand of `operation`, a struct of the variant,
// const or not. `field` is an int32_t, except for kKind, where it is a DataKind or Payload.
template <typename Struct, typename Visit>
void VisitFields(Struct& operation, Visit&& visit) {
  using Kind = std::remove_const_t<Struct>;
  if constexpr (std::is_same_v<Kind, Load>) {
    visit(FieldRole::kKind, "kind", operation.kind);
  } else if constexpr (std::is_same_v<Kind, Send> || std::is_same_v<Kind, Recv>) {
    visit(FieldRole::kKind, "payload", operation.payload);
  }
  if constexpr (std::is_same_v<Kind, AllReduce> || std::is_same_v<Kind, AllGather> ||
                std::is_same_v<Kind, ReduceScatter>) {
    visit(FieldRole::kGroup, "group", operation.group);
  } else {
    visit(FieldRole::kChunk, "chunk", operation.chunk);
    if constexpr (!std::is_same_v<Kind, Update>) visit(FieldRole::kMicroBatch, "micro_batch", operation.micro_batch);
  }
  VisitOperands(operation, [&](SlotKind, Access access, const char* name, auto& slot) {
    visit(access == Access::kRead ? FieldRole::kReads : FieldRole::kWrites, name, slot);
  });
  if constexpr (std::is_same_v<Kind, Send> || std::is_same_v<Kind, Recv>) {
    visit(FieldRole::kPeer, "peer", operation.peer);
  }
}

// The variant's alternative `index`, with all operands zero. Expects index < std::variant_size_v<Operation>.
template <size_t candidate = 0>
Operation MakeOperation(size_t index) {
  if constexpr (candidate + 1 < std::variant_size_v<Operation>) {
    if (index != candidate) return MakeOperation<candidate + 1>(index);
  }
  return std::variant_alternative_t<candidate, Operation>{};
}

}  // namespace baton

#endif  // BATON_SCHEDULES_PROGRAM_FIELDS_H_
