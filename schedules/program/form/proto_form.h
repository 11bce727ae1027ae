// A program as a message that can be stored and read back. Used by tools/baton, traces and fuzzing; a target of its
// own, so that programs themselves need no protobuf.
#ifndef BATON_SCHEDULES_PROGRAM_FORM_PROTO_FORM_H_
#define BATON_SCHEDULES_PROGRAM_FORM_PROTO_FORM_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/program.pb.h"
#include "schedules/program/program.h"

namespace baton {

// The version of the format that ProgramToProto writes, and the largest that ProgramFromProto reads.
inline constexpr int kProgramVersion = 1;

// Complete: ProgramFromProto gives the same program back. `program` passes CheckStructure.
proto::Program ProgramToProto(const Program& program);

// Errors: InvalidArgument if the version is not from 1 to kProgramVersion, an instruction has no operation, or the
// program does not pass CheckStructure.
absl::StatusOr<Program> ProgramFromProto(const proto::Program& message);

// The message in protobuf's text format, a line for each instruction, slot and chunk. Traces carry programs so.
std::string PrintProgramProto(const Program& program);

// Errors: InvalidArgument as `line 7, column 3: …` if the text is no such message, else as ProgramFromProto. Time and
// memory are bounded by a multiple of the text's size.
absl::StatusOr<Program> ParseProgramProto(absl::string_view text);

}  // namespace baton

#endif  // BATON_SCHEDULES_PROGRAM_FORM_PROTO_FORM_H_
