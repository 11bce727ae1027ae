// The rule "ranges"; see rules.h.
#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "schedules/program/form/describe.h"
#include "schedules/program/operands.h"
#include "schedules/validate/rules.h"

namespace baton {
namespace {

class RangeChecker {
 public:
  RangeChecker(const Program& program, std::vector<Violation>& violations)
      : program_(program), violations_(violations) {}

  void Run() {
    if (!CheckShape()) return;
    CheckGroups();
    for (device_ = 0; device_ < program_.num_devices(); ++device_) {
      const DeviceProgram& code = program_.devices[device_];
      for (instruction_ = 0; instruction_ < static_cast<int>(code.instructions.size()); ++instruction_) {
        CheckOperation(code, code.instructions[instruction_].operation);
        CheckWaits(code, code.instructions[instruction_]);
      }
      instruction_ = -1;
      CheckOverlapped(code);
    }
  }

 private:
  void Report(const std::string& message) { violations_.push_back({device_, instruction_, "ranges", message}); }

  bool CheckShape() {
    const size_t found = violations_.size();
    if (program_.num_chunks < 1) Report(absl::StrCat("there are ", program_.num_chunks, " chunks"));
    if (program_.num_micro_batches < 1)
      Report(absl::StrCat("there are ", program_.num_micro_batches, " micro-batches"));
    if (const std::string fault =
            program_.placement.FindFault(program_.num_chunks, program_.num_devices(), program_.num_micro_batches);
        !fault.empty()) {
      Report(fault);
    }
    int64_t num_instructions = 0;
    for (const DeviceProgram& code : program_.devices) {
      if (code.instructions.size() > INT32_MAX) Report("a device has more than 2^31 instructions");
      num_instructions += static_cast<int64_t>(code.instructions.size());
    }
    // Before any rule makes a table of chunks × micro-batches.
    if (violations_.size() == found && int64_t{program_.num_chunks} * program_.num_micro_batches > num_instructions) {
      Report(absl::StrCat(num_instructions, " instructions cannot pass ", program_.num_micro_batches,
                          " micro-batches through ", program_.num_chunks, " chunks"));
    }
    return violations_.size() == found;
  }

  void CheckGroups() {
    for (size_t i = 0; i < program_.reduce_groups.size(); ++i) {
      const ReduceGroup& group = program_.reduce_groups[i];
      const auto num_replicas = static_cast<int64_t>(program_.placement.replicas().size());
      int previous = 0;
      for (int32_t member : group.members) {
        if (member < previous || member >= num_replicas) {
          Report(absl::StrCat("reduce group ", i, " has member ", member, " after ", previous, "; members are 0 to ",
                              num_replicas - 1, " and do not descend"));
        }
        previous = member;
      }
      if (group.members.empty()) Report(absl::StrCat("reduce group ", i, " has no members"));
      if (group.bytes < 0) Report(absl::StrCat("reduce group ", i, " has ", group.bytes, " bytes"));
    }
  }

  void CheckOperation(const DeviceProgram& code, const Operation& operation) {
    if (const AllReduce* reduce = std::get_if<AllReduce>(&operation)) {
      if (reduce->group < 0 || static_cast<size_t>(reduce->group) >= program_.reduce_groups.size()) {
        Report("names a group that is not there");
      }
      return;
    }
    if (static_cast<uint32_t>(ChunkOf(operation)) >= static_cast<uint32_t>(program_.num_chunks)) {
      Report("names a chunk that is not there");
    }
    if (!std::holds_alternative<Update>(operation) &&
        static_cast<uint32_t>(MicroBatchOf(operation)) >= static_cast<uint32_t>(program_.num_micro_batches)) {
      Report("names a micro-batch that is not there");
    }
    if (const Send* send = std::get_if<Send>(&operation)) CheckPeer(send->peer);
    if (const Recv* recv = std::get_if<Recv>(&operation)) CheckPeer(recv->peer);
    ForEachOperand(operation, [&](SlotId slot, SlotKind, Access) {
      if (slot < kNoSlot || slot >= static_cast<int64_t>(code.slots.size())) {
        Report(absl::StrCat("names slot ", slot, " of ", code.slots.size()));
      }
    });
  }

  void CheckPeer(int32_t peer) {
    if (peer < 0 || peer >= program_.num_devices() || peer == device_) {
      Report(absl::StrCat("its peer ", peer, " is not another device"));
    }
  }

  void CheckOverlapped(const DeviceProgram& code) {
    int64_t previous = -1;
    for (int32_t overlapped : code.overlapped) {
      if (overlapped <= previous || overlapped >= static_cast<int64_t>(code.instructions.size()) ||
          !std::holds_alternative<Forward>(code.instructions[overlapped].operation)) {
        Report(absl::StrCat("instruction ", overlapped, " is no Forward to run together with the next backward"));
        return;
      }
      previous = overlapped;
    }
  }

  void CheckWaits(const DeviceProgram& code, const Instruction& instruction) {
    if (uint64_t{instruction.first_wait} + instruction.num_waits > code.waits.size()) {
      Report("names waits that are not there");
      return;
    }
    for (int32_t wait : code.WaitsOf(instruction)) {
      if (wait < 0 || wait >= instruction_) {
        Report(absl::StrCat("waits for instruction ", wait, ", which is not an earlier one"));
      }
    }
  }

  const Program& program_;
  std::vector<Violation>& violations_;
  int device_ = -1;
  int instruction_ = -1;
};

}  // namespace

void CheckRanges(const Program& program, std::vector<Violation>& violations) {
  RangeChecker(program, violations).Run();
}

}  // namespace baton
