// Checks the structure, then the further properties that workers rely on; see check_executable.h.
#include "runtime/execute/check_executable.h"

#include <algorithm>
#include <set>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/status.h"
#include "schedules/program/fields.h"
#include "schedules/program/form/describe.h"
#include "schedules/program/structure.h"

namespace baton {
namespace {

// Checks one device's instructions. Its messages name neither device nor instruction; CheckExecutable adds both.
class DeviceCheck {
 public:
  DeviceCheck(const Program& program, int device)
      : program_(program), device_(device), device_program_(program.devices[device]) {
    for (const ChunkMemory& memory : device_program_.chunks) chunks_.insert(memory.chunk);
  }

  absl::Status CheckInstruction(const Instruction& instruction) const {
    if (!IsCompute(instruction.operation)) BATON_RETURN_IF_ERROR(CheckLaneWaits(instruction));
    absl::Status status;
    const auto visit = [&](const auto& each) {
      using Kind = std::decay_t<decltype(each)>;
      constexpr bool needs_slots =
          std::is_same_v<Kind, Load> || std::is_same_v<Kind, Send> || std::is_same_v<Kind, Recv>;
      VisitFields(each, [&](FieldRole role, const char* name, auto value) {
        if (status.ok()) status = CheckOperand(role, name, static_cast<int32_t>(value), needs_slots);
      });
    };
    std::visit(visit, instruction.operation);
    return status;
  }

 private:
  // Workers issue transfers as early as compute instructions allow, and collectives after them; see issue_order.h.
  absl::Status CheckLaneWaits(const Instruction& instruction) const {
    const bool is_transfer = IsTransfer(instruction.operation);
    for (int32_t wait : device_program_.WaitsOf(instruction)) {
      const Operation& operation = device_program_.instructions[wait].operation;
      if (IsCompute(operation) || (!is_transfer && IsCollective(operation))) continue;
      return absl::InternalError(
          absl::StrCat("it waits for instruction ", wait, ", a ", IsTransfer(operation) ? "transfer" : "collective",
                       is_transfer ? "; a transfer may wait for compute instructions only"
                                   : "; a collective may wait for compute instructions and collectives only"));
    }
    return absl::OkStatus();
  }

  absl::Status CheckGroup(int32_t group) const {
    const std::vector<int32_t>& members = program_.reduce_groups[group].members;
    if (std::any_of(members.begin(), members.end(), [&](int32_t member) {
          const ChunkReplica& replica = program_.placement.replicas()[member];
          return replica.device == device_ && chunks_.count(replica.chunk) != 0;
        })) {
      return absl::OkStatus();
    }
    return absl::InternalError(absl::StrCat("group ", group, " has no member on this device"));
  }

  absl::Status CheckOperand(FieldRole role, const char* name, int32_t value, bool needs_slots) const {
    if (role == FieldRole::kGroup) return CheckGroup(value);
    if (role == FieldRole::kChunk && chunks_.count(value) == 0) {
      return absl::InternalError(absl::StrCat("this device has no memory for chunk ", value));
    }
    const bool is_slot = role == FieldRole::kReads || role == FieldRole::kWrites;
    if (is_slot && needs_slots && value == kNoSlot) {
      return absl::InternalError(
          absl::StrCat(name, " -1 must be one of the device's ", device_program_.slots.size(), " slots"));
    }
    return absl::OkStatus();
  }

  const Program& program_;
  const int device_;
  const DeviceProgram& device_program_;
  std::set<int32_t> chunks_;  // with memory here
};

// An Internal error such as "program: device 0, instruction 2 (Send …): message".
absl::Status Error(const Program& program, int device, int instruction, absl::string_view message) {
  if (instruction < 0) {
    return absl::InternalError(
        absl::StrCat("program: ", device < 0 ? "" : absl::StrCat("device ", device, ": "), message));
  }
  return absl::InternalError(absl::StrCat("program: device ", device, ", instruction ", instruction, " (",
                                          Describe(program.devices[device].instructions[instruction].operation),
                                          "): ", message));
}

}  // namespace

absl::Status CheckExecutable(const Program& program) {
  const std::vector<StructureViolation> violations = FindStructureViolations(program);
  if (!violations.empty()) {
    const StructureViolation& first = violations.front();
    return Error(program, first.device, first.instruction, first.message);
  }
  for (int device = 0; device < program.num_devices(); ++device) {
    const DeviceCheck check(program, device);
    const std::vector<Instruction>& instructions = program.devices[device].instructions;
    for (size_t index = 0; index < instructions.size(); ++index) {
      if (const absl::Status status = check.CheckInstruction(instructions[index]); !status.ok()) {
        return Error(program, device, static_cast<int>(index), status.message());
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace baton
