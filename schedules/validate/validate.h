// The proof that a program is sound: no deadlock, no lost or doubled work, no buffer used for two things at once. It
// knows programs only, neither schedules nor lowering, so that a fault of those cannot hide here. Used before anything
// is simulated, rehearsed or trained.
#ifndef BATON_SCHEDULES_VALIDATE_VALIDATE_H_
#define BATON_SCHEDULES_VALIDATE_VALIDATE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "schedules/costs/activation_limits.h"
#include "schedules/program/program.h"
#include "schedules/program/transport_model.h"

namespace baton {

struct Violation {
  int device;       // -1 if it is about no single device
  int instruction;  // index on the device; -1 if it is about no single instruction
  std::string rule;
  std::string message;
};

struct ValidateOptions {
  TransportModel transport;  // in which the program must not deadlock
  // Whether each chunk's gradients must be added in ascending micro-batch order, which is what makes every schedule
  // give the same bits. A proof of an order that is not to be trained can do without.
  bool gradients_ascend = true;
};

// As `device 1 instruction 4 (Recv activation chunk 1 micro-batch 0 from device 0): slots: ...`.
std::string FormatViolation(const Program& program, const Violation& violation);

// Every violation of every rule; empty for a sound program. The rules are listed in rules.h. If indices are out of
// range ("ranges"), only those are reported: no other rule could be read against such a program. Safe for any input;
// linear in its size, but for malformed reduce groups and memory layouts, where it sorts.
std::vector<Violation> Validate(const Program& program, const ValidateOptions& options = {});

// The rule "activations": no device holds more of activations than its limit, counted from each Forward to the
// instructions that are done with it. For each device above its limit the first instruction that goes beyond it.
// Expects limits of as many chunks and devices as the program has, and a program in which Validate finds nothing.
std::vector<Violation> ValidateActivations(const Program& program, const ActivationLimits& limits);

// [device] The most of activations that it holds at a time, in the unit of `limits`. Expects as above.
std::vector<int64_t> PeakActivations(const Program& program, const ActivationLimits& limits);

// Errors: Internal with the first few violations.
absl::Status CheckProgram(const Program& program, const ValidateOptions& options = {});

}  // namespace baton

#endif  // BATON_SCHEDULES_VALIDATE_VALIDATE_H_
