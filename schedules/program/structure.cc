// The checks of indices and sizes, and equality field by field.
#include "schedules/program/structure.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <variant>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "schedules/program/fields.h"

namespace baton {
namespace {

// OK if least <= value < limit.
absl::Status CheckIndex(const std::string& what, int64_t value, int64_t least, int64_t limit) {
  if (value >= least && value < limit) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(what, " ", value, " must be from ", least, " to ", limit - 1));
}

absl::Status CheckBytes(const std::string& what, Bytes bytes) {
  return CheckIndex(what, bytes, 0, kMaxProgramBytes + 1);
}

absl::Status CheckInstruction(const Program& program, const DeviceProgram& device, const Instruction& instruction,
                              const std::string& where) {
  absl::Status status;
  const auto check = [&](FieldRole role, const char* name, auto value) {
    const auto limit = [&]() -> int64_t {
      switch (role) {
        case FieldRole::kChunk:
          return program.num_chunks;
        case FieldRole::kMicroBatch:
          return program.num_micro_batches;
        case FieldRole::kKind:
          return 2;
        case FieldRole::kPeer:
          return program.num_devices();
        case FieldRole::kGroup:
          return static_cast<int64_t>(program.reduce_groups.size());
        case FieldRole::kReads:
        case FieldRole::kWrites:
          return static_cast<int64_t>(device.slots.size());
      }
      return 0;
    }();
    const bool is_slot = role == FieldRole::kReads || role == FieldRole::kWrites;
    if (status.ok())
      status = CheckIndex(absl::StrCat(where, name), static_cast<int64_t>(value), is_slot ? -1 : 0, limit);
  };
  std::visit([&](const auto& operation) { VisitFields(operation, check); }, instruction.operation);
  BATON_RETURN_IF_ERROR(status);
  if (uint64_t{instruction.first_wait} + instruction.num_waits > device.waits.size()) {
    return absl::InvalidArgumentError(absl::StrCat(where, "waits lie beyond the device's list"));
  }
  for (const int32_t wait : device.WaitsOf(instruction)) {
    BATON_RETURN_IF_ERROR(
        CheckIndex(absl::StrCat(where, "wait"), wait, 0, static_cast<int64_t>(device.instructions.size())));
  }
  return absl::OkStatus();
}

absl::Status CheckDevice(const Program& program, int index) {
  const DeviceProgram& device = program.devices[index];
  const std::string where = absl::StrCat("device ", index, ": ");
  BATON_RETURN_IF_ERROR(CheckBytes(absl::StrCat(where, "workspace offset"), device.workspace_offset));
  BATON_RETURN_IF_ERROR(CheckBytes(absl::StrCat(where, "workspace bytes"), device.workspace_bytes));
  BATON_RETURN_IF_ERROR(CheckBytes(absl::StrCat(where, "arena bytes"), device.arena_bytes));
  for (const Slot& slot : device.slots) {
    BATON_RETURN_IF_ERROR(
        CheckIndex(absl::StrCat(where, "kind of slot"), static_cast<int64_t>(slot.kind), 0, kNumSlotKinds));
    BATON_RETURN_IF_ERROR(CheckBytes(absl::StrCat(where, "bytes of a slot"), slot.bytes));
    BATON_RETURN_IF_ERROR(CheckBytes(absl::StrCat(where, "offset of a slot"), slot.offset));
  }
  for (const ChunkMemory& chunk : device.chunks) {
    BATON_RETURN_IF_ERROR(CheckIndex(absl::StrCat(where, "chunk"), chunk.chunk, 0, program.num_chunks));
    BATON_RETURN_IF_ERROR(CheckBytes(absl::StrCat(where, "parameters offset"), chunk.parameters_offset));
    BATON_RETURN_IF_ERROR(CheckBytes(absl::StrCat(where, "parameter bytes"), chunk.parameter_bytes));
    BATON_RETURN_IF_ERROR(CheckBytes(absl::StrCat(where, "optimizer bytes"), chunk.optimizer_bytes));
    const bool has_state =
        !program.forward_only || chunk.gradients_offset != kNoOffset || chunk.optimizer_offset != kNoOffset;
    if (!has_state) continue;
    BATON_RETURN_IF_ERROR(CheckBytes(absl::StrCat(where, "gradients offset"), chunk.gradients_offset));
    BATON_RETURN_IF_ERROR(CheckBytes(absl::StrCat(where, "optimizer offset"), chunk.optimizer_offset));
  }
  int32_t previous = -1;
  for (const int32_t overlapped : device.overlapped) {
    BATON_RETURN_IF_ERROR(CheckIndex(absl::StrCat(where, "overlapped instruction"), overlapped, previous + 1,
                                     static_cast<int64_t>(device.instructions.size())));
    previous = overlapped;
  }
  for (size_t i = 0; i < device.instructions.size(); ++i) {
    BATON_RETURN_IF_ERROR(CheckInstruction(program, device, device.instructions[i],
                                           absl::StrCat("device ", index, ", instruction ", i, ": ")));
  }
  return absl::OkStatus();
}

// Two operations agree if they are of one kind and all operands do.
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
                    x.optimizer_bytes) == std::tie(y.chunk, y.parameters_offset, y.gradients_offset, y.optimizer_offset,
                                                   y.parameter_bytes, y.optimizer_bytes);
  };
  return std::tie(a.workspace_offset, a.workspace_bytes, a.arena_bytes, a.overlapped) ==
             std::tie(b.workspace_offset, b.workspace_bytes, b.arena_bytes, b.overlapped) &&
         std::equal(a.slots.begin(), a.slots.end(), b.slots.begin(), b.slots.end(), same_slot) &&
         std::equal(a.chunks.begin(), a.chunks.end(), b.chunks.begin(), b.chunks.end(), same_chunk) &&
         std::equal(a.instructions.begin(), a.instructions.end(), b.instructions.begin(), b.instructions.end(),
                    same_instruction);
}

}  // namespace

absl::Status CheckStructure(const Program& program) {
  BATON_RETURN_IF_ERROR(CheckIndex("micro-batches", program.num_micro_batches, 1, kMaxProgramMicroBatches + 1));
  const std::string fault =
      program.placement.FindFault(program.num_chunks, program.num_devices(), program.num_micro_batches);
  if (!fault.empty()) return absl::InvalidArgumentError(fault);
  for (const ReduceGroup& group : program.reduce_groups) {
    BATON_RETURN_IF_ERROR(CheckIndex("kind of reduce group", static_cast<int64_t>(group.kind), 0, 3));
    BATON_RETURN_IF_ERROR(CheckBytes("bytes of a reduce group", group.bytes));
    for (const int32_t member : group.members) {
      BATON_RETURN_IF_ERROR(
          CheckIndex("member of a reduce group", member, 0, static_cast<int64_t>(program.placement.replicas().size())));
    }
  }
  for (int i = 0; i < program.num_devices(); ++i) BATON_RETURN_IF_ERROR(CheckDevice(program, i));
  return absl::OkStatus();
}

bool SameProgram(const Program& a, const Program& b) {
  const auto same_group = [](const ReduceGroup& x, const ReduceGroup& y) {
    return std::tie(x.kind, x.name, x.members, x.bytes) == std::tie(y.kind, y.name, y.members, y.bytes);
  };
  return std::tie(a.schedule, a.num_chunks, a.num_micro_batches, a.forward_only, a.placement) ==
             std::tie(b.schedule, b.num_chunks, b.num_micro_batches, b.forward_only, b.placement) &&
         std::equal(a.reduce_groups.begin(), a.reduce_groups.end(), b.reduce_groups.begin(), b.reduce_groups.end(),
                    same_group) &&
         std::equal(a.devices.begin(), a.devices.end(), b.devices.begin(), b.devices.end(), SameDevice);
}

}  // namespace baton
