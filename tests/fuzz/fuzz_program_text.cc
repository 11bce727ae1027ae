// Fuzzes the reader of programs in text form: printing an accepted program and reading it back must not change it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "absl/strings/string_view.h"
#include "schedules/program/form/proto_form.h"
#include "schedules/program/form/text.h"
#include "schedules/program/structure.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto program = baton::ParseProgramProto(absl::string_view(reinterpret_cast<const char*>(data), size));
  if (!program.ok()) return 0;
  const auto again = baton::ParseProgramProto(baton::PrintProgramProto(*program));
  if (!again.ok() || !baton::SameProgram(*program, *again)) std::abort();
  baton::PrintProgram(*program);
  return 0;
}
