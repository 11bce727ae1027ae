// The memory that a program takes in this process, beside the arenas that it describes. Used before anything is
// compiled, by runtime/planning and the tools.
//
//     BATON_RETURN_IF_ERROR(CheckProgramSize(request, FreeMemoryBytes()));
//     BATON_ASSIGN_OR_RETURN(const Program program, Compile(request));
#ifndef BATON_RUNTIME_PLANNING_PROGRAM_SIZE_H_
#define BATON_RUNTIME_PLANNING_PROGRAM_SIZE_H_

#include "absl/status/status.h"
#include "base/units.h"
#include "schedules/compile/compile.h"

namespace baton {

// An upper estimate of the memory for the program that `request` compiles to, its order and its trace. Reads the
// numbers of stages, chunks and micro-batches alone.
Bytes ProgramSizeBytes(const CompileRequest& request);

// Errors: InvalidArgument, with the numbers that multiply, if the program would take more than `free` bytes.
absl::Status CheckProgramSize(const CompileRequest& request, Bytes free);

}  // namespace baton

#endif  // BATON_RUNTIME_PLANNING_PROGRAM_SIZE_H_
