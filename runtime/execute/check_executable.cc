// The checks of check_executable.h, device by device.
#include "runtime/execute/check_executable.h"

#include <algorithm>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/status.h"
#include "schedules/program/fields.h"
#include "schedules/program/form/describe.h"

namespace baton {
namespace {

absl::Status CheckBlock(absl::string_view name, Bytes offset, Bytes bytes, Bytes arena_bytes) {
  // Written so that no sum can overflow.
  if (offset >= 0 && bytes >= 0 && offset <= arena_bytes && bytes <= arena_bytes - offset) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(name, " at offset ", offset, " with ", bytes,
                                          " bytes is outside of the arena of ", arena_bytes, " bytes"));
}

// The checks of one device's instructions; messages without their place, which CheckDevice adds.
class DeviceCheck {
 public:
  DeviceCheck(const Program& program, int device)
      : program_(program), device_(device), device_program_(program.devices[device]) {
    for (const ChunkMemory& memory : device_program_.chunks) chunks_.insert(memory.chunk);
  }

  absl::Status CheckMemory() const {
    const Bytes arena_bytes = device_program_.arena_bytes;
    for (size_t i = 0; i < device_program_.slots.size(); ++i) {
      const Slot& slot = device_program_.slots[i];
      BATON_RETURN_IF_ERROR(CheckBlock(absl::StrCat("slot ", i), slot.offset, slot.bytes, arena_bytes));
    }
    BATON_RETURN_IF_ERROR(
        CheckBlock("the workspace", device_program_.workspace_offset, device_program_.workspace_bytes, arena_bytes));
    for (const ChunkMemory& memory : device_program_.chunks) {
      if (memory.chunk < 0 || memory.chunk >= program_.num_chunks ||
          program_.placement.IndexOn(memory.chunk, device_) < 0) {
        return absl::InternalError(absl::StrCat("memory for chunk ", memory.chunk, ", which is not of this device"));
      }
      const std::string name = absl::StrCat("chunk ", memory.chunk);
      BATON_RETURN_IF_ERROR(CheckBlock(name, memory.parameters_offset, memory.parameter_bytes, arena_bytes));
      const std::pair<Bytes, Bytes> of_training[] = {{memory.gradients_offset, memory.parameter_bytes},
                                                     {memory.optimizer_offset, memory.optimizer_bytes}};
      for (const auto& [offset, bytes] : of_training) {
        if (program_.forward_only && offset == kNoOffset) continue;
        BATON_RETURN_IF_ERROR(CheckBlock(name, offset, bytes, arena_bytes));
      }
    }
    return absl::OkStatus();
  }

  absl::Status CheckInstruction(int32_t index) const {
    const Instruction& instruction = device_program_.instructions[index];
    const size_t num_waits = device_program_.waits.size();
    if (instruction.first_wait > num_waits || instruction.num_waits > num_waits - instruction.first_wait) {
      return absl::InternalError("its waits are outside of the device's list of waits");
    }
    for (int32_t wait : device_program_.WaitsOf(instruction)) {
      if (wait < 0 || wait >= index) {
        return absl::InternalError(absl::StrCat("it waits for instruction ", wait, ", which is not an earlier one"));
      }
      if (!IsCompute(instruction.operation) && !IsCompute(device_program_.instructions[wait].operation)) {
        return absl::InternalError(absl::StrCat("it waits for instruction ", wait,
                                                ", a transfer; a transfer may wait for compute instructions only"));
      }
    }
    return CheckOperands(instruction.operation);
  }

 private:
  absl::Status CheckChunk(int32_t chunk) const {
    if (chunks_.count(chunk) != 0) return absl::OkStatus();
    return absl::InternalError(absl::StrCat("this device has no memory for chunk ", chunk));
  }
  absl::Status CheckSlot(SlotId slot) const {
    const auto num_slots = static_cast<SlotId>(device_program_.slots.size());
    if (slot >= 0 && slot < num_slots) return absl::OkStatus();
    return absl::InternalError(absl::StrCat("slot ", slot, " is not one of the device's ", num_slots));
  }
  absl::Status CheckGroup(int32_t group) const {
    const auto num_groups = static_cast<int32_t>(program_.reduce_groups.size());
    if (group < 0 || group >= num_groups) {
      return absl::InternalError(absl::StrCat("group ", group, " is not one of ", num_groups));
    }
    const std::vector<int32_t>& members = program_.reduce_groups[group].members;
    if (std::none_of(members.begin(), members.end(), [&](int32_t member) {
          const ChunkReplica& replica = program_.placement.replicas()[member];
          return replica.device == device_ && chunks_.count(replica.chunk) != 0;
        })) {
      return absl::InternalError(absl::StrCat("group ", group, " has no member on this device"));
    }
    return absl::OkStatus();
  }

  // `may_lack_slots`: the operation may have kNoSlot for an operand.
  absl::Status CheckOperand(FieldRole role, int32_t value, bool may_lack_slots) const {
    switch (role) {
      case FieldRole::kChunk:
        return CheckChunk(value);
      case FieldRole::kMicroBatch:
        if (value >= 0 && value < program_.num_micro_batches) return absl::OkStatus();
        return absl::InternalError(
            absl::StrCat("micro-batch ", value, " is not one of the program's ", program_.num_micro_batches));
      case FieldRole::kKind:
        if (value == 0 || value == 1) return absl::OkStatus();
        return absl::InternalError(absl::StrCat("its kind of data is ", value));
      case FieldRole::kPeer:
        if (value >= 0 && value < program_.num_devices() && value != device_) return absl::OkStatus();
        return absl::InternalError(absl::StrCat("its peer is device ", value, " of ", program_.num_devices()));
      case FieldRole::kGroup:
        return CheckGroup(value);
      case FieldRole::kReads:
      case FieldRole::kWrites:
        return may_lack_slots && value == kNoSlot ? absl::OkStatus() : CheckSlot(value);
    }
    return absl::InternalError("an operand of no known role");
  }

  absl::Status CheckOperands(const Operation& operation) const {
    absl::Status status;
    const auto visit = [&](const auto& each) {
      using Kind = std::decay_t<decltype(each)>;
      constexpr bool moves_data =
          std::is_same_v<Kind, Load> || std::is_same_v<Kind, Send> || std::is_same_v<Kind, Recv>;
      VisitFields(each, [&](FieldRole role, const char*, auto value) {
        if (status.ok()) status = CheckOperand(role, static_cast<int32_t>(value), /*may_lack_slots=*/!moves_data);
      });
    };
    std::visit(visit, operation);
    return status;
  }

  const Program& program_;
  const int device_;
  const DeviceProgram& device_program_;
  std::set<int32_t> chunks_;
};

absl::Status CheckDevice(const Program& program, int device) {
  DeviceCheck check(program, device);
  if (absl::Status status = check.CheckMemory(); !status.ok()) {
    return absl::InternalError(absl::StrCat("program: device ", device, ": ", status.message()));
  }
  const std::vector<Instruction>& instructions = program.devices[device].instructions;
  for (size_t index = 0; index < instructions.size(); ++index) {
    if (absl::Status status = check.CheckInstruction(static_cast<int32_t>(index)); !status.ok()) {
      return absl::InternalError(absl::StrCat("program: device ", device, ", instruction ", index, " (",
                                              Describe(instructions[index].operation), "): ", status.message()));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckExecutable(const Program& program) {
  const std::string fault =
      program.placement.FindFault(program.num_chunks, program.num_devices(), program.num_micro_batches);
  if (!fault.empty()) return absl::InternalError(absl::StrCat("program: ", fault));
  for (size_t group = 0; group < program.reduce_groups.size(); ++group) {
    const std::vector<int32_t>& members = program.reduce_groups[group].members;
    if (members.empty()) return absl::InternalError(absl::StrCat("program: reduce group ", group, " has no members"));
    for (int32_t member : members) {
      if (member < 0 || static_cast<size_t>(member) >= program.placement.replicas().size()) {
        return absl::InternalError(absl::StrCat("program: reduce group ", group, " has member ", member, " of ",
                                                program.placement.replicas().size()));
      }
    }
  }
  for (int device = 0; device < program.num_devices(); ++device) {
    BATON_RETURN_IF_ERROR(CheckDevice(program, device));
  }
  return absl::OkStatus();
}

}  // namespace baton
