// The check of indices and ranges, device by device.
#include "schedules/program/structure.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "base/printable.h"
#include "schedules/program/fields.h"

namespace baton {
namespace {

class StructureChecker {
 public:
  explicit StructureChecker(const Program& program) : program_(program) {}

  std::vector<StructureViolation> Run() {
    if (!CheckShape()) return std::move(violations_);
    for (size_t group = 0; group < program_.reduce_groups.size(); ++group) CheckGroup(group);
    for (device_ = 0; device_ < program_.num_devices(); ++device_) {
      code_ = &program_.devices[device_];
      CheckMemory();
      for (size_t role = 0; role < allowed_.size(); ++role) allowed_[role] = AllowedFor(static_cast<FieldRole>(role));
      for (index_ = 0; index_ < static_cast<int>(code_->instructions.size()); ++index_) {
        CheckOperation(code_->instructions[index_].operation);
        CheckWaits(code_->instructions[index_]);
      }
      index_ = -1;
    }
    return std::move(violations_);
  }

 private:
  void Report(std::string message) { violations_.push_back({device_, index_, std::move(message)}); }

  // Reports unless least <= value <= most. `what` returns the name of the value and is called only for a violation.
  template <typename What>
  bool CheckRange(What&& what, int64_t value, int64_t least, int64_t most) {
    if (value >= least && value <= most) return true;
    Report(absl::StrCat(what(), " ", value, " must be from ", least, " to ", most));
    return false;
  }
  template <typename What>
  bool CheckBytes(What&& what, Bytes bytes) {
    return CheckRange(what, bytes, 0, kMaxProgramBytes);
  }

  void CheckName(const std::string& what, const std::string& name) {
    if (!IsUtf8(name)) Report(absl::StrCat(what, " \"", Printable(name), "\" is not UTF-8"));
  }

  bool CheckShape() {
    const std::string fault =
        program_.placement.FindFault(program_.num_chunks, program_.num_devices(), program_.num_micro_batches);
    if (!fault.empty()) Report(fault);
    CheckName("schedule", program_.schedule);
    CheckRange([] { return "micro-batches"; }, program_.num_micro_batches, 1, kMaxProgramMicroBatches);
    if (CheckRange([] { return "sum groups"; }, program_.sum_groups, 1, std::max(1, program_.num_micro_batches)) &&
        program_.num_micro_batches % program_.sum_groups != 0) {
      Report(absl::StrCat("sum groups: ", program_.sum_groups, " do not divide ", program_.num_micro_batches,
                          " micro-batches"));
    }
    for (const DeviceProgram& code : program_.devices) {
      if (code.instructions.size() > INT32_MAX) Report("a device has more than 2^31 - 1 instructions");
    }
    return violations_.empty();
  }

  void CheckGroup(size_t index) {
    const ReduceGroup& group = program_.reduce_groups[index];
    const auto named = [&](const char* what) {
      return [index, what] { return absl::StrCat("reduce group ", index, ": ", what); };
    };
    CheckRange(named("kind"), static_cast<int64_t>(group.kind), 0, kNumReduceKinds - 1);
    CheckName(absl::StrCat("reduce group ", index, ": name"), group.name);
    CheckBytes(named("bytes"), group.bytes);
    if (group.members.empty())
      Report(absl::StrCat("reduce group ", index, ": members: none; there must be at least 1"));
    int32_t previous = 0;
    for (const int32_t member : group.members) {
      CheckRange(named("member"), member, previous, static_cast<int64_t>(program_.placement.replicas().size()) - 1);
      previous = std::max(previous, member);
    }
  }

  // Reports unless the bytes are in the arena. No sum in here can overflow.
  template <typename What>
  void CheckInArena(What&& what, Bytes offset, Bytes bytes) {
    if (offset >= 0 && bytes >= 0 && bytes <= code_->arena_bytes && offset <= code_->arena_bytes - bytes) return;
    Report(absl::StrCat(what(), " at offset ", offset, " with ", bytes, " bytes is outside the arena of ",
                        code_->arena_bytes, " bytes"));
  }

  void CheckMemory() {
    if (!CheckBytes([] { return "arena bytes"; }, code_->arena_bytes)) return;
    CheckInArena([] { return "workspace"; }, code_->workspace_offset, code_->workspace_bytes);
    for (size_t i = 0; i < code_->slots.size(); ++i) {
      const auto slot = [i] { return absl::StrCat("slot ", i); };
      CheckRange([&] { return slot() + ": kind"; }, static_cast<int64_t>(code_->slots[i].kind), 0, kNumSlotKinds - 1);
      CheckInArena(slot, code_->slots[i].offset, code_->slots[i].bytes);
    }
    for (const ChunkMemory& memory : code_->chunks) CheckChunkMemory(memory);
  }

  void CheckChunkMemory(const ChunkMemory& memory) {
    if (!CheckRange([] { return "memory of chunk"; }, memory.chunk, 0, program_.num_chunks - 1)) return;
    if (program_.placement.IndexOn(memory.chunk, device_) < 0) {
      Report(absl::StrCat("memory of chunk ", memory.chunk, ", which is not on this device"));
    }
    const auto named = [&](const char* what) {
      return [&memory, what] { return absl::StrCat(what, " of chunk ", memory.chunk); };
    };
    CheckInArena(named("parameters"), memory.parameters_offset, memory.parameter_bytes);
    if (!CheckRange(named("gradient ratio"), memory.gradient_ratio, 1, 2)) return;
    if (!CheckBytes(named("partial sums"), memory.partial_sum_bytes)) return;
    if (program_.forward_only && memory.gradients_offset == kNoOffset && memory.optimizer_offset == kNoOffset) {
      if (memory.optimizer_bytes == 0) return;
      return Report(absl::StrCat("optimizer state of chunk ", memory.chunk, " has ", memory.optimizer_bytes,
                                 " bytes but no offset"));
    }
    CheckInArena(named("gradients"), memory.gradients_offset, memory.gradient_region_bytes());
    CheckInArena(named("optimizer state"), memory.optimizer_offset, memory.optimizer_bytes);
  }

  // The values that an operand may have.
  struct Allowed {
    int64_t least;
    int64_t most;
  };

  Allowed AllowedFor(FieldRole role) const {
    switch (role) {
      case FieldRole::kChunk:
        return {0, program_.num_chunks - 1};
      case FieldRole::kMicroBatch:
        return {0, program_.num_micro_batches - 1};
      case FieldRole::kKind:
        return {0, 1};
      case FieldRole::kPeer:
        return {0, program_.num_devices() - 1};
      case FieldRole::kGroup:
        return {0, static_cast<int64_t>(program_.reduce_groups.size()) - 1};
      case FieldRole::kReads:
      case FieldRole::kWrites:
        return {kNoSlot, static_cast<int64_t>(code_->slots.size()) - 1};
    }
    return {0, -1};
  }

  // Without branches for each operand, since nearly all operations are valid; ReportOperands finds the wrong operand.
  void CheckOperation(const Operation& operation) {
    bool is_valid = true;
    const auto check = [&](FieldRole role, const char*, auto value) {
      const Allowed& allowed = allowed_[static_cast<size_t>(role)];
      const auto number = static_cast<int64_t>(value);
      is_valid &= (number >= allowed.least) & (number <= allowed.most);
      if (role == FieldRole::kPeer) is_valid &= number != device_;
    };
    std::visit([&](const auto& each) { VisitFields(each, check); }, operation);
    if (!is_valid) ReportOperands(operation);
  }

  void ReportOperands(const Operation& operation) {
    const auto report = [&](FieldRole role, const char* name, auto value) {
      if (role == FieldRole::kPeer && static_cast<int64_t>(value) == device_) {
        return Report(absl::StrCat(name, " ", device_, " must be another device"));
      }
      const Allowed& allowed = allowed_[static_cast<size_t>(role)];
      CheckRange([name] { return name; }, static_cast<int64_t>(value), allowed.least, allowed.most);
    };
    std::visit([&](const auto& each) { VisitFields(each, report); }, operation);
  }

  void CheckWaits(const Instruction& instruction) {
    if (uint64_t{instruction.first_wait} + instruction.num_waits > code_->waits.size()) {
      return Report(absl::StrCat(instruction.num_waits, " waits from index ", instruction.first_wait,
                                 " on exceed the device's list of ", code_->waits.size()));
    }
    for (const int32_t wait : code_->WaitsOf(instruction)) {
      if (wait >= 0 && wait < index_) continue;
      Report(absl::StrCat("waits for instruction ", wait, ", which is not an earlier one"));
    }
  }

  const Program& program_;
  std::vector<StructureViolation> violations_;
  int device_ = -1;
  int index_ = -1;
  const DeviceProgram* code_ = nullptr;
  std::array<Allowed, kNumFieldRoles> allowed_ = {};  // of the device's instructions, by FieldRole
};

}  // namespace

std::vector<StructureViolation> FindStructureViolations(const Program& program) {
  return StructureChecker(program).Run();
}

std::string FormatViolation(const StructureViolation& violation) {
  if (violation.device < 0) return violation.message;
  if (violation.instruction < 0) return absl::StrCat("device ", violation.device, ": ", violation.message);
  return absl::StrCat("device ", violation.device, ", instruction ", violation.instruction, ": ", violation.message);
}

absl::Status CheckStructure(const Program& program) {
  const std::vector<StructureViolation> violations = FindStructureViolations(program);
  return violations.empty() ? absl::OkStatus() : absl::InvalidArgumentError(FormatViolation(violations.front()));
}

}  // namespace baton
