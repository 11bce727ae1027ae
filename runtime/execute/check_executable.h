// Checks that no program can make the executor read or write out of bounds. Used by Executor::Create.
// schedules/validate proves that a program computes the right values and cannot deadlock.
#ifndef BATON_RUNTIME_EXECUTE_CHECK_EXECUTABLE_H_
#define BATON_RUNTIME_EXECUTE_CHECK_EXECUTABLE_H_

#include "absl/status/status.h"
#include "schedules/program/program.h"

namespace baton {

// OK if the program passes CheckStructure, each instruction's chunk and group have memory on its device, Load, Send and
// Recv name a slot, and transfers wait for compute instructions only: workers issue transfers as early as those allow
// (see issue_order.h).
// Errors: Internal, naming device, instruction and field: only a faulty lowering makes such a program.
absl::Status CheckExecutable(const Program& program);

}  // namespace baton

#endif  // BATON_RUNTIME_EXECUTE_CHECK_EXECUTABLE_H_
