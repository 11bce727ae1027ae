// Equality of programs, field by field.
#include <algorithm>
#include <tuple>
#include <variant>

#include "schedules/program/fields.h"
#include "schedules/program/structure.h"

namespace baton {
namespace {

// Two operations are equal if their kinds and all operands are.
bool SameOperation(const Operation& a, const Operation& b) {
  if (a.index() != b.index()) return false;
  const auto operands = [](const Operation& operation) {
    std::vector<int32_t> values;
    values.reserve(12);
    std::visit(
        [&](const auto& each) {
          VisitFields(each, [&](FieldRole, const char*, auto value) { values.push_back(static_cast<int32_t>(value)); });
        },
        operation);
    return values;
  };
  return operands(a) == operands(b);
}

bool SameDevice(const DeviceProgram& a, const DeviceProgram& b) {
  const auto same_instruction = [&](const Instruction& x, const Instruction& y) {
    return SameOperation(x.operation, y.operation) && a.WaitsOf(x) == b.WaitsOf(y);
  };
  const auto same_slot = [](const Slot& x, const Slot& y) {
    return std::tie(x.kind, x.bytes, x.offset) == std::tie(y.kind, y.bytes, y.offset);
  };
  const auto same_chunk = [](const ChunkMemory& x, const ChunkMemory& y) {
    return std::tie(x.chunk, x.parameters_offset, x.gradients_offset, x.optimizer_offset, x.parameter_bytes,
                    x.optimizer_bytes, x.partial_sum_bytes, x.gradient_ratio) ==
           std::tie(y.chunk, y.parameters_offset, y.gradients_offset, y.optimizer_offset, y.parameter_bytes,
                    y.optimizer_bytes, y.partial_sum_bytes, y.gradient_ratio);
  };
  return std::tie(a.workspace_offset, a.workspace_bytes, a.arena_bytes) ==
             std::tie(b.workspace_offset, b.workspace_bytes, b.arena_bytes) &&
         std::equal(a.slots.begin(), a.slots.end(), b.slots.begin(), b.slots.end(), same_slot) &&
         std::equal(a.chunks.begin(), a.chunks.end(), b.chunks.begin(), b.chunks.end(), same_chunk) &&
         std::equal(a.instructions.begin(), a.instructions.end(), b.instructions.begin(), b.instructions.end(),
                    same_instruction);
}

}  // namespace

bool SameProgram(const Program& a, const Program& b) {
  const auto same_group = [](const ReduceGroup& x, const ReduceGroup& y) {
    return std::tie(x.kind, x.name, x.members, x.bytes) == std::tie(y.kind, y.name, y.members, y.bytes);
  };
  return std::tie(a.schedule, a.num_chunks, a.num_micro_batches, a.forward_only, a.sum_groups, a.placement) ==
             std::tie(b.schedule, b.num_chunks, b.num_micro_batches, b.forward_only, b.sum_groups, b.placement) &&
         std::equal(a.reduce_groups.begin(), a.reduce_groups.end(), b.reduce_groups.begin(), b.reduce_groups.end(),
                    same_group) &&
         std::equal(a.devices.begin(), a.devices.end(), b.devices.begin(), b.devices.end(), SameDevice);
}

}  // namespace baton
