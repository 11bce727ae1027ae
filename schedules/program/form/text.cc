// Printing; see text.h.
#include "schedules/program/form/text.h"

#include <type_traits>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "schedules/program/fields.h"
#include "schedules/program/form/words.h"

namespace baton {
namespace {

// A name such as "send activation", padded to the width of its column.
std::string Mnemonic(const Operation& operation) {
  std::string mnemonic = kOperationNames[operation.index()];
  std::visit(
      [&](const auto& each) {
        VisitFields(each, [&](FieldRole, const char*, auto value) {
          if constexpr (std::is_enum_v<decltype(value)>) {
            absl::StrAppend(&mnemonic, " ", WordsOf(value)[static_cast<size_t>(value)]);
          }
        });
      },
      operation);
  return absl::StrFormat("%-16s", mnemonic);
}

// The operands, such as "c0 m0  input %0 → output %3 saved %4".
std::string Operands(const Operation& operation) {
  std::string place, reads, writes, other;
  const auto print = [&](FieldRole role, const char* name, auto value) {
    const std::string slot = absl::string_view(name) == "slot" ? absl::StrCat(" %", static_cast<int>(value))
                                                               : absl::StrCat(" ", name, " %", static_cast<int>(value));
    switch (role) {
      case FieldRole::kChunk:
        absl::StrAppend(&place, " c", static_cast<int>(value));
        return;
      case FieldRole::kMicroBatch:
        absl::StrAppend(&place, " m", static_cast<int>(value));
        return;
      case FieldRole::kKind:
        return;
      case FieldRole::kPeer:
        absl::StrAppend(&other, "  device ", static_cast<int>(value));
        return;
      case FieldRole::kGroup:
        absl::StrAppend(&other, " group ", static_cast<int>(value));
        return;
      case FieldRole::kReads:
        if (static_cast<SlotId>(value) != kNoSlot) absl::StrAppend(&reads, slot);
        return;
      case FieldRole::kWrites:
        if (static_cast<SlotId>(value) != kNoSlot) absl::StrAppend(&writes, slot);
        return;
    }
  };
  std::visit([&](const auto& each) { VisitFields(each, print); }, operation);
  if (!reads.empty()) absl::StrAppend(&place, " ", reads);
  if (!writes.empty()) absl::StrAppend(&place, reads.empty() ? "  →" : " →", writes);
  return place + other;
}

void PrintPlacement(const ChunkPlacement& placement, std::string* text) {
  int32_t replica = 0;
  absl::StrAppend(text, "  chunks on devices");
  for (const ChunkReplica& each : placement.replicas()) {
    if (each.replica == 0) {
      absl::StrAppend(text, " ", each.device);
      continue;
    }
    if (each.replica != replica) {
      absl::StrAppend(text, "\n  replica ", each.replica, ":");
    } else {
      absl::StrAppend(text, ",");
    }
    replica = each.replica;
    absl::StrAppend(text, " chunk ", each.chunk, " on device ", each.device);
  }
  absl::StrAppend(text, "\n");
  if (placement.replica_of_micro_batch().empty()) return;
  absl::StrAppend(text, "  micro-batches use replicas ", absl::StrJoin(placement.replica_of_micro_batch(), " "), "\n");
}

void PrintDevice(const DeviceProgram& device, int index, std::string* text) {
  absl::StrAppendFormat(
      text, "\ndevice %d: %d instructions, %d slots, arena %d bytes (%.1f MiB), workspace %d bytes at %d\n", index,
      device.instructions.size(), device.slots.size(), device.arena_bytes,
      static_cast<double>(device.arena_bytes) / (1 << 20), device.workspace_bytes, device.workspace_offset);
  for (const ChunkMemory& chunk : device.chunks) {
    absl::StrAppendFormat(text, "  chunk %d: parameters %d bytes at %d", chunk.chunk, chunk.parameter_bytes,
                          chunk.parameters_offset);
    if (chunk.gradients_offset != kNoOffset || chunk.optimizer_offset != kNoOffset) {
      absl::StrAppend(text, ", gradients ");
      if (chunk.gradient_ratio != 1) absl::StrAppend(text, chunk.gradient_bytes(), " bytes ");
      absl::StrAppendFormat(text, "at %d, optimizer %d bytes at %d", chunk.gradients_offset, chunk.optimizer_bytes,
                            chunk.optimizer_offset);
      if (chunk.partial_sum_bytes > 0) absl::StrAppendFormat(text, ", partial sums %d bytes", chunk.partial_sum_bytes);
    }
    absl::StrAppend(text, "\n");
  }
  for (size_t i = 0; i < device.slots.size(); ++i) {
    const Slot& slot = device.slots[i];
    absl::StrAppendFormat(text, "  slot %%%d: %s, %d bytes at %d\n", i, kSlotKindWords[static_cast<size_t>(slot.kind)],
                          slot.bytes, slot.offset);
  }
  for (size_t i = 0; i < device.instructions.size(); ++i) {
    absl::StrAppendFormat(text, "  %4d  %s\n", i, PrintInstruction(device, device.instructions[i]));
  }
}

}  // namespace

std::string PrintInstruction(const DeviceProgram& device, const Instruction& instruction) {
  std::string line = absl::StrCat(Mnemonic(instruction.operation), Operands(instruction.operation));
  if (instruction.num_waits > 0) absl::StrAppend(&line, "  after ", absl::StrJoin(device.WaitsOf(instruction), " "));
  return line;
}

std::string PrintProgram(const Program& program) {
  std::string text =
      absl::StrFormat("program \"%s\": %d chunks, %d devices, %d micro-batches\n", absl::CEscape(program.schedule),
                      program.num_chunks, program.num_devices(), program.num_micro_batches);
  PrintPlacement(program.placement, &text);
  if (program.forward_only) absl::StrAppend(&text, "  forward only\n");
  if (program.sum_groups > 1) absl::StrAppend(&text, "  sum groups ", program.sum_groups, "\n");
  for (const ReduceGroup& group : program.reduce_groups) {
    absl::StrAppendFormat(&text, "  reduce %s \"%s\": members %s, %d bytes\n",
                          kReduceKindWords[static_cast<size_t>(group.kind)], absl::CEscape(group.name),
                          absl::StrJoin(group.members, " "), group.bytes);
  }
  for (int i = 0; i < program.num_devices(); ++i) PrintDevice(program.devices[i], i, &text);
  return text;
}

}  // namespace baton
