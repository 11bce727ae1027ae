// Converts a program to a proto::Program, which can be stored and read back. Used by tools/baton, traces and fuzzing.
// Programs themselves do not depend on protobuf.
//
//     const std::string text = PrintProgramProto(program);
//     BATON_ASSIGN_OR_RETURN(const Program same, ParseProgramProto(text));   // SameProgram(program, same)
#ifndef BATON_SCHEDULES_PROGRAM_FORM_PROTO_FORM_H_
#define BATON_SCHEDULES_PROGRAM_FORM_PROTO_FORM_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/program.pb.h"
#include "schedules/program/program.h"

namespace baton {

// The version of the format that ProgramToProto writes, and the largest that ProgramFromProto reads.
// In version 1 an AllReduce was an instruction of the compute lane.
inline constexpr int kProgramVersion = 2;

// The complete program: ProgramFromProto returns an equal one. Expects a program that passes CheckStructure.
proto::Program ProgramToProto(const Program& program);

// Errors: InvalidArgument if the version is not from 1 to kProgramVersion, an instruction has no operation, or the
// program does not pass CheckStructure.
absl::StatusOr<Program> ProgramFromProto(const proto::Program& message);

// The message in protobuf's text format, with a line for each instruction, slot and chunk. Traces contain this text.
std::string PrintProgramProto(const Program& program);

// Reads that text. Time and memory are linear in its size.
// Errors: InvalidArgument such as `line 7, column 3: …` if the text is no proto::Program; else as ProgramFromProto.
absl::StatusOr<Program> ParseProgramProto(absl::string_view text);

}  // namespace baton

#endif  // BATON_SCHEDULES_PROGRAM_FORM_PROTO_FORM_H_
