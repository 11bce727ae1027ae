// Runs the rules; see validate.h.
#include "schedules/validate/validate.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "schedules/program/form/describe.h"
#include "schedules/validate/rules.h"

namespace baton {

std::string FormatViolation(const Program& program, const Violation& violation) {
  std::string text;
  if (violation.device >= 0 && violation.device < program.num_devices()) {
    absl::StrAppend(&text, "device ", violation.device);
    const std::vector<Instruction>& instructions = program.devices[violation.device].instructions;
    if (violation.instruction >= 0 && violation.instruction < static_cast<int>(instructions.size())) {
      absl::StrAppend(&text, " instruction ", violation.instruction, " (",
                      Describe(instructions[violation.instruction].operation), ")");
    }
    text += ": ";
  }
  return absl::StrCat(text, violation.rule, ": ", violation.message);
}

std::vector<Violation> Validate(const Program& program, const ValidateOptions& options) {
  std::vector<Violation> violations;
  CheckRanges(program, violations);
  if (!violations.empty()) return violations;
  CheckCompleteness(program, options.gradients_ascend, violations);
  CheckSums(program, violations);
  CheckCollectives(program, violations);
  CheckRegions(program, violations);
  CheckShards(program, violations);
  CheckTransfers(program, violations);
  CheckSlots(program, violations);
  CheckMemory(program, violations);
  CheckDeadlock(program, options.transport, violations);
  return violations;
}

absl::Status CheckProgram(const Program& program, const ValidateOptions& options) {
  constexpr size_t kMostShown = 3;
  const std::vector<Violation> violations = Validate(program, options);
  if (violations.empty()) return absl::OkStatus();
  std::string text = absl::StrCat("the program of schedule \"", program.schedule, "\" is unsound: ");
  for (size_t i = 0; i < std::min(violations.size(), kMostShown); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : "; ", FormatViolation(program, violations[i]));
  }
  if (violations.size() > kMostShown) absl::StrAppend(&text, "; and ", violations.size() - kMostShown, " more");
  return absl::InternalError(text);
}

}  // namespace baton
