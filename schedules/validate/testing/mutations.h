// Changes single instructions and operands, for tests that the validator finds the change.
#ifndef BATON_SCHEDULES_VALIDATE_TESTING_MUTATIONS_H_
#define BATON_SCHEDULES_VALIDATE_TESTING_MUTATIONS_H_

#include <cstdint>

#include "schedules/program/program.h"

namespace baton {

// Copies of `program` with one change on `device`. Waits follow the instructions that they name; a wait for a dropped
// instruction is dropped.
Program Drop(const Program& program, int device, int instruction);
Program Duplicate(const Program& program, int device, int instruction);
Program Swap(const Program& program, int device, int i, int j);
// Without the instruction's wait number `which`.
Program DropWait(const Program& program, int device, int instruction, uint32_t which);

// The operands of an operation that are slots, not kNoSlot, are numbered from 0 in the order of ForEachOperand.
int CountSlots(const Operation& operation);
void Retarget(Operation& operation, int n, SlotId slot);
// Whether operand n is a value that a Recompute makes again.
bool IsRecomputed(const Operation& operation, int n);

}  // namespace baton

#endif  // BATON_SCHEDULES_VALIDATE_TESTING_MUTATIONS_H_
