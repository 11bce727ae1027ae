// Inserts waits; see insert_waits.h.
#include "schedules/lower/insert_waits.h"

#include <algorithm>
#include <vector>

#include "schedules/program/operands.h"

namespace baton {
namespace {

class WaitInserter {
 public:
  WaitInserter(const Program& program, int device, DeviceProgram& code)
      : program_(program),
        device_(device),
        code_(code),
        transfer_of_slot_(code.slots.size(), -1),
        last_gradient_(program.num_chunks, -1),
        last_sum_(program.num_chunks, -1),
        gather_(program.num_chunks, -1),
        compute_before_(code.instructions.size(), -1),
        is_awaited_(code.instructions.size()) {}

  void Run() {
    code_.waits.reserve(code_.instructions.size());
    for (index_ = 0; index_ < static_cast<int32_t>(code_.instructions.size()); ++index_) {
      Instruction& instruction = code_.instructions[index_];
      instruction.first_wait = static_cast<uint32_t>(code_.waits.size());
      if (IsTransfer(instruction.operation)) {
        WaitForProducer(instruction.operation);
      } else if (IsCompute(instruction.operation)) {
        WaitForTransfers(instruction.operation);
      }
      std::visit([this](const auto& operation) { WaitForMemory(operation); }, instruction.operation);
      instruction.num_waits = static_cast<uint32_t>(code_.waits.size()) - instruction.first_wait;
    }
  }

 private:
  void WaitForProducer(const Operation& transfer) {
    if (last_compute_ >= 0) code_.waits.push_back(last_compute_);
    ForEachOperand(transfer, [&](SlotId slot, SlotKind, Access) { transfer_of_slot_[slot] = index_; });
  }

  void WaitForTransfers(const Operation& operation) {
    ForEachOperand(operation, [&](SlotId slot, SlotKind, Access) {
      if (slot == kNoSlot || transfer_of_slot_[slot] < 0) return;
      code_.waits.push_back(transfer_of_slot_[slot]);
      transfer_of_slot_[slot] = -1;
    });
    last_compute_ = index_;
  }

  void WaitFor(int32_t instruction) {
    const auto own = code_.waits.begin() + code_.instructions[index_].first_wait;
    if (instruction < 0 || std::find(own, code_.waits.end(), instruction) != code_.waits.end()) return;
    code_.waits.push_back(instruction);
  }

  // Waits for the parameters and gradients of chunks.
  template <typename Other>
  void WaitForMemory(const Other&) {}
  void WaitForMemory(const Backward& backward) { last_gradient_[backward.chunk] = index_; }
  void WaitForMemory(const BackwardWeight& backward) { last_gradient_[backward.chunk] = index_; }

  void WaitForMemory(const AllReduce& reduce) { WaitForSums(reduce.group); }
  void WaitForMemory(const ReduceScatter& reduce) { WaitForSums(reduce.group); }

  // Sums of one chunk wait for each other, so that each sees the results of all before it.
  void WaitForSums(int32_t group) {
    int32_t compute = -1;        // the last compute instruction that it needs
    int32_t is_over_until = -1;  // the last one that is over when the sums it waits for are
    ForEachOwnChunk(group, [&](int32_t chunk) {
      const int32_t sum = last_sum_[chunk];
      WaitFor(sum);
      if (sum >= 0) {
        is_over_until = std::max(is_over_until, compute_before_[sum]);
      } else {
        compute = std::max(compute, last_gradient_[chunk]);
      }
    });
    if (compute > is_over_until) WaitFor(compute);
    compute_before_[index_] = std::max(compute, is_over_until);
    ForEachOwnChunk(group, [&](int32_t chunk) { last_sum_[chunk] = index_; });
  }

  void WaitForMemory(const Update& update) {
    const int32_t sum = last_sum_[update.chunk];
    if (sum < 0 || is_awaited_[sum]) return;
    WaitFor(sum);
    is_awaited_[sum] = true;  // by all compute that follows
  }

  // That of parameters comes first on its device, so it waits for nothing; the chunk's first Forward waits for it.
  void WaitForMemory(const AllGather& gather) {
    if (program_.reduce_groups[gather.group].kind == ReduceKind::kTiedShards) return WaitForSums(gather.group);
    ForEachOwnChunk(gather.group, [&](int32_t chunk) { gather_[chunk] = index_; });
  }
  void WaitForMemory(const Forward& forward) {
    WaitFor(gather_[forward.chunk]);
    gather_[forward.chunk] = -1;  // all compute that follows begins when it is over
  }

  // Calls visit(chunk) for each member of the group on this device.
  template <typename Visit>
  void ForEachOwnChunk(int32_t group, Visit&& visit) const {
    for (const int32_t member : program_.reduce_groups[group].members) {
      const ChunkReplica& replica = program_.placement.replicas()[member];
      if (replica.device == device_) visit(replica.chunk);
    }
  }

  const Program& program_;
  const int device_;
  DeviceProgram& code_;
  // [slot]: the last transfer that used the slot, -1 if none or if an instruction already waits for it.
  std::vector<int32_t> transfer_of_slot_;
  // [chunk]: the last instruction that added to its gradients, the last sum of them, and the AllGather of its
  // parameters that no Forward waits for yet; -1: none.
  std::vector<int32_t> last_gradient_;
  std::vector<int32_t> last_sum_;
  std::vector<int32_t> gather_;
  // [instruction], of sums: the last compute instruction that is over before it, and whether an Update waits for it.
  std::vector<int32_t> compute_before_;
  std::vector<bool> is_awaited_;
  int32_t last_compute_ = -1;
  int32_t index_ = 0;
};

}  // namespace

void InsertWaits(const Program& program, int device, DeviceProgram& code) { WaitInserter(program, device, code).Run(); }

}  // namespace baton
