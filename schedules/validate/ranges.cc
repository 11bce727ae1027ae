// The rule "ranges"; see rules.h.
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "schedules/program/structure.h"
#include "schedules/validate/rules.h"

namespace baton {

void CheckRanges(const Program& program, std::vector<Violation>& violations) {
  for (StructureViolation& each : FindStructureViolations(program)) {
    violations.push_back({each.device, each.instruction, "ranges", std::move(each.message)});
  }
  if (!violations.empty()) return;
  // The other rules allocate tables of chunks × micro-batches; this bounds them by the size of the program.
  int64_t num_instructions = 0;
  for (const DeviceProgram& code : program.devices) num_instructions += static_cast<int64_t>(code.instructions.size());
  if (int64_t{program.num_chunks} * program.num_micro_batches > num_instructions) {
    violations.push_back({-1, -1, "ranges",
                          absl::StrCat(num_instructions, " instructions cannot pass ", program.num_micro_batches,
                                       " micro-batches through ", program.num_chunks, " chunks")});
  }
}

}  // namespace baton
