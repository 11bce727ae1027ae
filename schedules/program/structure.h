// Whether a program that was read can be looked at safely, and whether two programs are the same. Used by the readers
// (text.h, proto_form.h) and by tests. Whether a program is right is validate's business.
#ifndef BATON_SCHEDULES_PROGRAM_STRUCTURE_H_
#define BATON_SCHEDULES_PROGRAM_STRUCTURE_H_

#include "absl/status/status.h"
#include "schedules/program/program.h"

namespace baton {

// The largest size or offset in a program; sums of some thousands of them stay far from 2^63.
inline constexpr Bytes kMaxProgramBytes = Bytes{1} << 48;
inline constexpr int kMaxProgramMicroBatches = 1 << 20;

// OK if every index lies in what it indexes (chunks, devices, micro-batches, slots or kNoSlot, groups, waits), sizes
// and offsets are from 0 to kMaxProgramBytes, and enums hold one of their values. Errors: InvalidArgument with device
// and instruction.
absl::Status CheckStructure(const Program& program);

// True if `a` and `b` agree in everything; how the waits lie in DeviceProgram::waits does not matter. Both pass
// CheckStructure.
bool SameProgram(const Program& a, const Program& b);

}  // namespace baton

#endif  // BATON_SCHEDULES_PROGRAM_STRUCTURE_H_
