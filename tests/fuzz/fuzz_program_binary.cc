// Fuzzes programs that come as bytes of a protobuf message: an accepted one is the same after ProgramToProto and back,
// and after its text form and back.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "schedules/program/form/proto_form.h"
#include "schedules/program/form/text.h"
#include "schedules/program/structure.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  baton::proto::Program message;
  if (!message.ParseFromArray(data, static_cast<int>(size))) return 0;
  const auto program = baton::ProgramFromProto(message);
  if (!program.ok()) return 0;
  const auto again = baton::ProgramFromProto(baton::ProgramToProto(*program));
  if (!again.ok() || !baton::SameProgram(*program, *again)) std::abort();
  const auto from_text = baton::ParseProgramProto(baton::PrintProgramProto(*program));
  if (!from_text.ok() || !baton::SameProgram(*program, *from_text)) std::abort();
  baton::PrintProgram(*program);
  return 0;
}
