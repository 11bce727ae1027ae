// A program as a message that can be stored and read back. Used by tools/baton and the trace's proto form; a target of
// its own, so that programs themselves need no protobuf.
#ifndef BATON_SCHEDULES_PROGRAM_FORM_PROTO_FORM_H_
#define BATON_SCHEDULES_PROGRAM_FORM_PROTO_FORM_H_

#include "absl/status/statusor.h"
#include "proto/program.pb.h"
#include "schedules/program/program.h"

namespace baton {

// Complete: ProgramFromProto gives the same program back. `program` passes CheckStructure.
proto::Program ProgramToProto(const Program& program);

// Errors: InvalidArgument if an instruction has no operation or the program does not pass CheckStructure.
absl::StatusOr<Program> ProgramFromProto(const proto::Program& message);

}  // namespace baton

#endif  // BATON_SCHEDULES_PROGRAM_FORM_PROTO_FORM_H_
