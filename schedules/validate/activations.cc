// The rule "activations"; see validate.h.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "schedules/validate/validate.h"

namespace baton {
namespace {

// Change in live activations, in the unit of `limits`: positive when the operation begins, negative when it ends.
int64_t LiveChangeOf(const Operation& operation, const ActivationLimits& limits) {
  if (const Forward* forward = std::get_if<Forward>(&operation)) return limits.activation[forward->chunk];
  if (const Backward* backward = std::get_if<Backward>(&operation)) return -limits.activation[backward->chunk];
  if (const BackwardInput* input = std::get_if<BackwardInput>(&operation)) {
    return limits.weight_activation[input->chunk] - limits.activation[input->chunk];
  }
  if (const BackwardWeight* weight = std::get_if<BackwardWeight>(&operation))
    return -limits.weight_activation[weight->chunk];
  return 0;
}

// Peak live activations of a device, and the first instruction that exceeds its limit, -1 if none does.
struct Peak {
  int64_t live = 0;
  int first_beyond = -1;
};

Peak PeakOf(const Program& program, int device, const ActivationLimits& limits) {
  Peak peak;
  if (program.forward_only) return peak;  // no activation outlives its Forward
  const std::vector<Instruction>& instructions = program.devices[device].instructions;
  int64_t live = 0;
  for (size_t i = 0; i < instructions.size(); ++i) {
    live += LiveChangeOf(instructions[i].operation, limits);
    peak.live = std::max(peak.live, live);
    if (live > limits.limit[device] && peak.first_beyond < 0) peak.first_beyond = static_cast<int>(i);
  }
  return peak;
}

}  // namespace

std::vector<Violation> ValidateActivations(const Program& program, const ActivationLimits& limits) {
  std::vector<Violation> violations;
  for (int device = 0; device < program.num_devices(); ++device) {
    const Peak peak = PeakOf(program, device, limits);
    if (peak.first_beyond < 0) continue;
    violations.push_back({device, peak.first_beyond, "activations",
                          absl::StrCat("has ", limits.Format(peak.live), " of live activations; its limit is ",
                                       limits.Format(limits.limit[device]))});
  }
  return violations;
}

std::vector<int64_t> PeakActivations(const Program& program, const ActivationLimits& limits) {
  std::vector<int64_t> peaks;
  for (int device = 0; device < program.num_devices(); ++device) {
    peaks.push_back(PeakOf(program, device, limits).live);
  }
  return peaks;
}

}  // namespace baton
