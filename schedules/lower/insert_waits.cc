// Inserts waits; see insert_waits.h.
#include "schedules/lower/insert_waits.h"

#include "schedules/program/operands.h"

namespace baton {

void InsertWaits(DeviceProgram& program) {
  // [slot]: the last transfer that used the slot, -1 if none or if an instruction already waits for it.
  std::vector<int32_t> transfer_of_slot(program.slots.size(), -1);
  int32_t last_compute = -1;
  program.waits.reserve(program.instructions.size());
  for (int32_t i = 0; i < static_cast<int32_t>(program.instructions.size()); ++i) {
    Instruction& instruction = program.instructions[i];
    instruction.first_wait = static_cast<uint32_t>(program.waits.size());
    if (IsCompute(instruction.operation)) {
      ForEachOperand(instruction.operation, [&](SlotId slot, SlotKind, Access) {
        if (slot == kNoSlot || transfer_of_slot[slot] < 0) return;
        program.waits.push_back(transfer_of_slot[slot]);
        transfer_of_slot[slot] = -1;
      });
      last_compute = i;
    } else {
      if (last_compute >= 0) program.waits.push_back(last_compute);
      ForEachOperand(instruction.operation, [&](SlotId slot, SlotKind, Access) { transfer_of_slot[slot] = i; });
    }
    instruction.num_waits = static_cast<uint32_t>(program.waits.size()) - instruction.first_wait;
  }
}

}  // namespace baton
