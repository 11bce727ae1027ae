// Checks that every index and range of a program is valid, and compares programs. Used by the readers (form/), the
// validator's rule "ranges" and the executor (runtime/execute/check_executable.h): there is no other check of indices.
// schedules/validate proves that a program is sound.
//
//     for (const StructureViolation& each : FindStructureViolations(program)) LOG(ERROR) << FormatViolation(each);
#ifndef BATON_SCHEDULES_PROGRAM_STRUCTURE_H_
#define BATON_SCHEDULES_PROGRAM_STRUCTURE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "schedules/program/program.h"

namespace baton {

// The largest size or offset in a program; sums of some thousands of them stay far from 2^63.
inline constexpr Bytes kMaxProgramBytes = Bytes{1} << 48;
inline constexpr int kMaxProgramMicroBatches = 1 << 20;

struct StructureViolation {
  int device = -1;       // -1: about no single device
  int instruction = -1;  // index on the device; -1: about no single instruction
  std::string message;   // names the field, its value and what is allowed
};

// Every violation; empty if
//   - the placement has no fault, and the program has 1 to kMaxProgramMicroBatches micro-batches,
//   - the names of the schedule and of reduce groups are UTF-8,
//   - reduce groups have members, which ascend and are in the placement's list,
//   - chunks, micro-batches, peers (another device), slots (or kNoSlot) and groups of instructions exist,
//   - waits name earlier instructions of the same device,
//   - slots, the workspace and the memory of chunks are in the device's arena, and those chunks are on the device; a
//     forward-only program may lack gradients and optimizer state, then with kNoOffset and no bytes,
//   - each enum has one of its values.
// If the placement or the number of micro-batches is wrong, only that is reported. Safe for any data; linear in its
// size.
std::vector<StructureViolation> FindStructureViolations(const Program& program);

// As "device 0, instruction 2: peer 2 must be another device, from 0 to 1".
std::string FormatViolation(const StructureViolation& violation);

// Errors: InvalidArgument with the first violation.
absl::Status CheckStructure(const Program& program);

// True if `a` and `b` are equal in every field, except for the layout of waits in DeviceProgram::waits. Expects that
// both pass CheckStructure.
bool SameProgram(const Program& a, const Program& b);

}  // namespace baton

#endif  // BATON_SCHEDULES_PROGRAM_STRUCTURE_H_
