// The rules that a sound program keeps, one file each. Each adds every violation that it finds. All but CheckRanges
// expect a program in which CheckRanges found none. Used by validate.cc.
#ifndef BATON_SCHEDULES_VALIDATE_RULES_H_
#define BATON_SCHEDULES_VALIDATE_RULES_H_

#include <vector>

#include "schedules/program/program.h"
#include "schedules/validate/validate.h"

namespace baton {

// "ranges": FindStructureViolations (schedules/program/structure.h) finds nothing: every index names something that
// exists, and buffers are within the arena.
void CheckRanges(const Program& program, std::vector<Violation>& violations);

// "completeness": each chunk passes each micro-batch forward and backward exactly once, on its device, in an order that
// keeps each device's own dependencies and, if `gradients_ascend`, adds gradients in ascending micro-batch order; Loads
// are exactly those needed; Reduces and Steps come once, last, and Steps either for every chunk or for none.
void CheckCompleteness(const Program& program, bool gradients_ascend, std::vector<Violation>& violations);

// "transfers": the n-th Send to a device is what its n-th Recv expects, nothing is left over, and each needed transfer
// is there exactly once.
void CheckTransfers(const Program& program, std::vector<Violation>& violations);

// "slots": every slot holds what its reader expects, also when transfers run asynchronously and only waits order them.
void CheckSlots(const Program& program, std::vector<Violation>& violations);

// "memory": each replica has memory on its device; buffers are aligned and overlap nowhere.
void CheckMemory(const Program& program, std::vector<Violation>& violations);

// "deadlock": issuing in order on each device, every instruction ends in the given transport.
void CheckDeadlock(const Program& program, const TransportModel& transport, std::vector<Violation>& violations);

}  // namespace baton

#endif  // BATON_SCHEDULES_VALIDATE_RULES_H_
