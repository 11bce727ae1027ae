// The checks that keep the executor from reading or writing where it must not, whatever program it is given. Used by
// Executor::Create. That a program computes the right thing and cannot deadlock is the validator's to prove; what may
// be read from a file, schedules/program/structure.h checks.
#ifndef BATON_RUNTIME_EXECUTE_CHECK_EXECUTABLE_H_
#define BATON_RUNTIME_EXECUTE_CHECK_EXECUTABLE_H_

#include "absl/status/status.h"
#include "schedules/program/program.h"

namespace baton {

// Every operand in range, every buffer inside its arena, every wait on an earlier instruction. A transfer may wait for
// compute instructions only: workers issue transfers as early as those allow (see issue_order.h).
// Errors: Internal, naming device, instruction and field: a program like that comes from a faulty lowering.
absl::Status CheckExecutable(const Program& program);

}  // namespace baton

#endif  // BATON_RUNTIME_EXECUTE_CHECK_EXECUTABLE_H_
