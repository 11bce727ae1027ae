// An adversary for the validator's tests: runs a program on lanes that are as asynchronous as the rules of
// instruction.h allow, in a random order of events, and tracks the content of every slot.
#ifndef BATON_SCHEDULES_VALIDATE_TESTING_INTERPRETER_H_
#define BATON_SCHEDULES_VALIDATE_TESTING_INTERPRETER_H_

#include <cstdint>
#include <string>

#include "schedules/program/program.h"

namespace baton {

// Returns the first fault. Empty if every instruction ended and had the right data in its slots from its beginning to
// its end. The target of a transfer and the results of a computation are undefined from its beginning to its end.
// Expects indices in range.
std::string PlayAtRandom(const Program& program, uint32_t seed);

}  // namespace baton

#endif  // BATON_SCHEDULES_VALIDATE_TESTING_INTERPRETER_H_
