// Names one instruction of a program. Used by everything that follows instructions across devices.
#ifndef BATON_SCHEDULES_PROGRAM_WALK_INSTRUCTION_REF_H_
#define BATON_SCHEDULES_PROGRAM_WALK_INSTRUCTION_REF_H_

#include <cstdint>

namespace baton {

// One instruction of one device; instruction -1: none.
struct InstructionRef {
  int32_t device = -1;
  int32_t instruction = -1;
};

}  // namespace baton

#endif  // BATON_SCHEDULES_PROGRAM_WALK_INSTRUCTION_REF_H_
