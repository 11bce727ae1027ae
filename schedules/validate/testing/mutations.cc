// Mutations; see mutations.h.
#include "schedules/validate/testing/mutations.h"

#include <utility>
#include <vector>

#include "schedules/program/operands.h"

namespace baton {
namespace {

// Rebuilds a device's waits after its instructions have moved: old_index[i] is where instruction i was, −1 for a new
// one, which keeps the waits of `copied_from`. Waits for what is gone are dropped.
void Rebuild(DeviceProgram& code, const std::vector<int>& old_index, int copied_from) {
  std::vector<int> new_index(code.instructions.size(), -1);
  for (size_t i = 0; i < old_index.size(); ++i) {
    if (old_index[i] >= 0) new_index[old_index[i]] = static_cast<int>(i);
  }
  DeviceProgram result = code;
  result.instructions.clear();
  result.waits.clear();
  for (int old : old_index) {
    Instruction instruction = code.instructions[old >= 0 ? old : copied_from];
    const uint32_t first = static_cast<uint32_t>(result.waits.size());
    for (int32_t wait : code.WaitsOf(instruction)) {
      if (new_index[wait] >= 0) result.waits.push_back(new_index[wait]);
    }
    instruction.first_wait = first;
    instruction.num_waits = static_cast<uint32_t>(result.waits.size()) - first;
    result.instructions.push_back(instruction);
  }
  code = std::move(result);
}

std::vector<int> Identity(const DeviceProgram& code) {
  std::vector<int> indices(code.instructions.size());
  for (size_t i = 0; i < indices.size(); ++i) indices[i] = static_cast<int>(i);
  return indices;
}

}  // namespace

Program Drop(const Program& program, int device, int i) {
  Program mutant = program;
  std::vector<int> indices = Identity(program.devices[device]);
  indices.erase(indices.begin() + i);
  Rebuild(mutant.devices[device], indices, -1);
  return mutant;
}

Program Duplicate(const Program& program, int device, int i) {
  Program mutant = program;
  std::vector<int> indices = Identity(program.devices[device]);
  indices.insert(indices.begin() + i + 1, -1);
  Rebuild(mutant.devices[device], indices, i);
  return mutant;
}

Program Swap(const Program& program, int device, int i, int j) {
  Program mutant = program;
  std::vector<int> indices = Identity(program.devices[device]);
  std::swap(indices[i], indices[j]);
  Rebuild(mutant.devices[device], indices, -1);
  return mutant;
}

Program DropWait(const Program& program, int device, int i, uint32_t which) {
  Program mutant = program;
  DeviceProgram& code = mutant.devices[device];
  Instruction& instruction = code.instructions[i];
  std::swap(code.waits[instruction.first_wait + which], code.waits[instruction.first_wait + instruction.num_waits - 1]);
  --instruction.num_waits;
  return mutant;
}

void Retarget(Operation& operation, int n, SlotId slot) {
  std::visit(
      [&](auto& each) {
        VisitOperands(each, [&](SlotKind, Access, const char*, SlotId& operand) {
          if (operand != kNoSlot && n-- == 0) operand = slot;
        });
      },
      operation);
}

int CountSlots(const Operation& operation) {
  int count = 0;
  ForEachOperand(operation, [&](SlotId slot, SlotKind, Access) { count += slot != kNoSlot ? 1 : 0; });
  return count;
}

bool IsRecomputed(const Operation& operation, int n) {
  bool result = false;
  int at = 0;
  ForEachOperand(operation, [&](SlotId slot, SlotKind role, Access) {
    if (slot == kNoSlot) return;
    result = result || (at == n && (role == SlotKind::kRecomputed || role == SlotKind::kRecomputedWeight));
    ++at;
  });
  return result;
}

}  // namespace baton
