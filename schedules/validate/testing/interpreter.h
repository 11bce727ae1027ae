// An adversary for the validator's tests: plays a program on lanes that run as asynchronously as the rules of
// instruction.h let them, in a random order of events, and follows what is in every slot.
#ifndef BATON_SCHEDULES_VALIDATE_TESTING_INTERPRETER_H_
#define BATON_SCHEDULES_VALIDATE_TESTING_INTERPRETER_H_

#include <cstdint>
#include <string>

#include "schedules/program/program.h"

namespace baton {

// Empty if every instruction ended and every one found in its slots what it needs, from its beginning to its end; else
// what went wrong first. Expects indices in range. A transfer's target is undefined from its beginning to its end, as
// are the results of a computation.
std::string PlayAtRandom(const Program& program, uint32_t seed);

}  // namespace baton

#endif  // BATON_SCHEDULES_VALIDATE_TESTING_INTERPRETER_H_
