// Fuzzes the validator and the simulator with programs that the reader accepts: a proven program must run.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "absl/strings/string_view.h"
#include "schedules/program/form/csv.h"
#include "schedules/program/form/proto_form.h"
#include "schedules/simulate/simulate.h"
#include "schedules/validate/validate.h"

// The first byte chooses the transport, the rest is the program's proto text.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto program = baton::ParseProgramProto(absl::string_view(reinterpret_cast<const char*>(data) + 1, size - 1));
  if (!program.ok()) return 0;
  const baton::TransportModel transport{data[0] % 4, static_cast<baton::QueueKind>(data[0] / 4 % 3)};
  baton::CostModel costs;
  if (program->num_chunks > 1000) return 0;  // most of the time would go into the table of costs
  costs.chunks.resize(program->num_chunks);
  const bool is_sound = baton::CheckProgram(*program, {transport}).ok();
  const bool runs = baton::Simulate(*program, costs, {transport}).ok();
  if (is_sound && !runs) std::abort();
  baton::WriteCsv(*program, /*with_transfers=*/true);
  return 0;
}
