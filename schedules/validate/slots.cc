// The rule "slots"; see rules.h.
//
// Tracks the content of each slot through a device's instructions in issue order. Only compute instructions are
// guaranteed to run in that order. So if a transfer is one of two instructions that use a slot, a wait must order them:
// directly, or through compute instructions, since each of those follows all earlier ones. Two instructions without
// such a wait count as unordered, even if a lane happens to order them.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "schedules/program/form/describe.h"
#include "schedules/program/operands.h"
#include "schedules/validate/rules.h"

namespace baton {
namespace {

constexpr int32_t kNever = std::numeric_limits<int32_t>::max();

// The content of a slot: one kind of buffer of a chunk's micro-batch.
struct Content {
  SlotKind kind = SlotKind::kInput;
  int32_t chunk = -1;  // none if negative
  int32_t micro_batch = -1;

  friend bool operator==(const Content& a, const Content& b) {
    return a.kind == b.kind && a.chunk == b.chunk && a.micro_batch == b.micro_batch;
  }
};

std::string ToString(const Content& content) {
  static constexpr const char* kNames[] = {"input",        "targets",          "output",         "saved",
                                           "saved weight", "output gradient",  "input gradient", "stash",
                                           "recomputed",   "recomputed weight"};
  return absl::StrCat("the ", kNames[static_cast<int>(content.kind)], " of chunk ", content.chunk, " micro-batch ",
                      content.micro_batch);
}

struct SlotState {
  Content content;
  int32_t writer = -1;        // the instruction that wrote the content
  int32_t last_compute = -1;  // the last compute instruction that read or wrote the slot
  int32_t transfer = -1;      // the last Send that reads the content or Recv that wrote it
};

class SlotChecker {
 public:
  SlotChecker(const Program& program, std::vector<Violation>& violations) : program_(program), violations_(violations) {
    bytes_of_role_.assign(static_cast<size_t>(program.num_chunks) * kNumRoles, -1);
    can_recompute_.assign(program.num_chunks, false);
    for (const DeviceProgram& device : program.devices) {
      for (const Instruction& instruction : device.instructions) {
        if (const Forward* forward = std::get_if<Forward>(&instruction.operation)) {
          if (forward->recomputed != kNoSlot) can_recompute_[forward->chunk] = true;
        } else if (const Recompute* recompute = std::get_if<Recompute>(&instruction.operation)) {
          can_recompute_[recompute->chunk] = true;
        }
      }
    }
  }

  void Run() {
    for (device_ = 0; device_ < program_.num_devices(); ++device_) RunDevice();
  }

 private:
  static constexpr int kNumRoles = kNumSlotKinds;

  void Report(const std::string& message) { violations_.push_back({device_, index_, "slots", message}); }

  void RunDevice() {
    code_ = &program_.devices[device_];
    states_.assign(code_->slots.size(), SlotState());
    first_waiter_.assign(code_->instructions.size(), kNever);
    for (index_ = 0; index_ < static_cast<int32_t>(code_->instructions.size()); ++index_) {
      const Operation& operation = code_->instructions[index_].operation;
      is_compute_ = IsCompute(operation);
      TakeWaits();
      CheckOperation(operation);
    }
  }

  // Records the instructions that the waits of this one order before it.
  void TakeWaits() {
    compute_before_ = is_compute_ ? index_ - 1 : -1;
    for (int32_t wait : code_->WaitsOf(code_->instructions[index_])) {
      if (IsCompute(code_->instructions[wait].operation)) {
        compute_before_ = std::max(compute_before_, wait);
      } else if (is_compute_) {
        first_waiter_[wait] = std::min(first_waiter_[wait], index_);
      }
    }
  }

  // True if the transfer is over when this instruction begins.
  bool IsOver(int32_t transfer) const {
    if (is_compute_) return first_waiter_[transfer] <= index_;
    if (first_waiter_[transfer] <= compute_before_) return true;
    const absl::Span<const int32_t> waits = code_->WaitsOf(code_->instructions[index_]);
    return std::find(waits.begin(), waits.end(), transfer) != waits.end();
  }

  std::string Name(int32_t instruction) const {
    return absl::StrCat("instruction ", instruction, " (", Describe(code_->instructions[instruction].operation), ")");
  }

  bool OnThisDevice(int chunk, int micro_batch) const {
    return chunk >= 0 && chunk < program_.num_chunks && program_.DeviceOf(chunk, micro_batch) == device_;
  }

  // Whether the chunk has a buffer of this role. The last chunk has no output, for example.
  bool IsNeeded(SlotKind role, int chunk) const {
    switch (role) {
      case SlotKind::kTargets:
        return chunk + 1 == program_.num_chunks;
      case SlotKind::kOutput:
      case SlotKind::kGradOutput:
        return chunk + 1 < program_.num_chunks;
      case SlotKind::kGradInput:
        return chunk > 0;
      // All instructions of a chunk have them or none has.
      case SlotKind::kRecomputed:
      case SlotKind::kRecomputedWeight:
        return can_recompute_[chunk];
      case SlotKind::kInput:
      case SlotKind::kSaved:
      case SlotKind::kSavedWeight:
      case SlotKind::kStash:
        return true;
    }
    return true;
  }

  // A result that stays on the device is written to the slot that the next chunk reads.
  SlotKind KindFor(SlotKind role, int chunk, int micro_batch) const {
    if (role == SlotKind::kOutput && OnThisDevice(chunk + 1, micro_batch)) return SlotKind::kInput;
    if (role == SlotKind::kGradInput && OnThisDevice(chunk - 1, micro_batch)) return SlotKind::kGradOutput;
    return role;
  }

  // A chunk's output is the next one's input, the gradient of its input that of the previous one's output.
  static Content ContentFor(SlotKind role, int32_t chunk, int32_t micro_batch) {
    if (role == SlotKind::kOutput) return {SlotKind::kInput, chunk + 1, micro_batch};
    if (role == SlotKind::kGradInput) return {SlotKind::kGradOutput, chunk - 1, micro_batch};
    return {role, chunk, micro_batch};
  }

  void CheckOperation(const Operation& operation) {
    const int chunk = ChunkOf(operation);
    const int micro_batch = MicroBatchOf(operation);
    int num_operands = 0;
    SlotId operands[kNumRoles];
    ForEachOperand(operation, [&](SlotId slot, SlotKind role, Access access) {
      if ((slot != kNoSlot) != IsNeeded(role, chunk)) {
        Report(slot == kNoSlot ? absl::StrCat("has no slot for ", ToString({role, chunk, micro_batch}))
                               : absl::StrCat("has slot ", slot, " for ", ToString({role, chunk, micro_batch}),
                                              ", which does not exist"));
        return;
      }
      if (slot == kNoSlot) return;
      CheckKindAndSize(slot, role, chunk, micro_batch);
      if (access == Access::kWrite && std::find(operands, operands + num_operands, slot) != operands + num_operands) {
        Report(absl::StrCat("writes slot ", slot, " while using it for something else"));
      }
      operands[num_operands++] = slot;
      const Content content = ContentFor(role, chunk, micro_batch);
      if (access == Access::kRead) {
        CheckRead(slot, content);
      } else {
        CheckWrite(slot, content);
      }
    });
  }

  void CheckKindAndSize(SlotId slot, SlotKind role, int chunk, int micro_batch) {
    const Slot& info = code_->slots[slot];
    if (info.kind != KindFor(role, chunk, micro_batch)) {
      Report(absl::StrCat("slot ", slot, " is of the wrong kind for ", ToString({role, chunk, micro_batch})));
    }
    Bytes& bytes = bytes_of_role_[static_cast<size_t>(chunk) * kNumRoles + static_cast<size_t>(role)];
    if (bytes < 0) bytes = info.bytes;
    if (bytes != info.bytes) {
      Report(absl::StrCat("slot ", slot, " has ", info.bytes, " bytes; ", ToString({role, chunk, micro_batch}),
                          " takes ", bytes, " elsewhere"));
    }
  }

  void CheckRead(SlotId slot, const Content& content) {
    SlotState& state = states_[slot];
    if (!(state.content == content)) {
      Report(state.writer < 0
                 ? absl::StrCat("reads ", ToString(content), " from slot ", slot, ", which no instruction wrote")
                 : absl::StrCat("reads ", ToString(content), " from slot ", slot, ", which contains ",
                                ToString(state.content), " since ", Name(state.writer)));
    } else if (const bool by_compute = IsCompute(code_->instructions[state.writer].operation);
               by_compute ? state.writer > compute_before_ : !IsOver(state.writer)) {
      Report(absl::StrCat("reads slot ", slot, " without waiting for ", Name(state.writer), ", which fills it"));
    }
    if (is_compute_) {
      state.last_compute = index_;
    } else {
      state.transfer = index_;
    }
  }

  void CheckWrite(SlotId slot, const Content& content) {
    SlotState& state = states_[slot];
    if (state.transfer >= 0 && !IsOver(state.transfer)) {
      Report(absl::StrCat("overwrites slot ", slot, " without waiting for ", Name(state.transfer), ", which uses it"));
    }
    if (state.last_compute > compute_before_) {
      Report(absl::StrCat("overwrites slot ", slot, " without waiting for ", Name(state.last_compute),
                          ", the last to use it"));
    }
    state.content = content;
    state.writer = index_;
    if (is_compute_) {
      state.last_compute = index_;
      state.transfer = -1;
    } else {
      state.transfer = index_;
    }
  }

  const Program& program_;
  std::vector<Violation>& violations_;
  std::vector<Bytes> bytes_of_role_;  // [chunk × kNumRoles + role]; -1 if not seen yet
  std::vector<bool>
      can_recompute_;  // [chunk]: a Forward of it names a slot for what is recomputed, or one Recompute is
  // The state of the device in progress.
  int device_ = -1;
  const DeviceProgram* code_ = nullptr;
  std::vector<SlotState> states_;      // [slot]
  std::vector<int32_t> first_waiter_;  // [instruction]: the first compute instruction that waits for this transfer
  // The state of the instruction in progress.
  int32_t index_ = -1;
  bool is_compute_ = false;
  int32_t compute_before_ = -1;  // this compute instruction and all before are over when it begins
};

}  // namespace

void CheckSlots(const Program& program, std::vector<Violation>& violations) { SlotChecker(program, violations).Run(); }

}  // namespace baton
