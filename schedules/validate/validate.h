// Proves that a program is sound: no deadlock, no lost or repeated work, no buffer in use for two purposes at once. The
// proof depends on programs only, not on schedules or lowering, so it cannot repeat their mistakes. Used before a
// program is simulated, rehearsed or trained.
//
//     BATON_RETURN_IF_ERROR(CheckProgram(program));                       // stops at an unsound program
//     for (const Violation& each : Validate(program, {transport}))        // lists everything that is wrong with it
//       std::cerr << FormatViolation(program, each) << "\n";
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
  int device;        // -1 if it is about no single device
  int instruction;   // index on the device; -1 if it is about no single instruction
  std::string rule;  // a name from rules.h
  std::string message;
};

struct ValidateOptions {
  TransportModel transport;  // in which the program must not deadlock
  // Whether each chunk's gradients must be added in ascending micro-batch order, which makes the weights bit-identical
  // for every schedule. Not needed for an order that is not trained.
  bool gradients_ascend = true;
};

// Formats a violation, such as `device 1 instruction 4 (Recv activation chunk 1 micro-batch 0 from device 0): slots:
// …`.
std::string FormatViolation(const Program& program, const Violation& violation);

// Returns every violation of every rule in rules.h; empty for a sound program. If indices are out of range (rule
// "ranges"), only those are reported, since the other rules rely on them. Safe for any input. Linear in its size,
// except for malformed reduce groups and for memory layouts, which are sorted.
std::vector<Violation> Validate(const Program& program, const ValidateOptions& options = {});

// The rule "activations": live activations of a device never exceed its limit. An activation is live from its Forward
// to the last instruction that reads it. Returns for each device above its limit the first instruction that exceeds it.
// Expects limits for the program's chunks and devices, and a program in which Validate finds nothing.
std::vector<Violation> ValidateActivations(const Program& program, const ActivationLimits& limits);

// [device]: peak live activations, in the unit of `limits`. Same expectations as ValidateActivations.
std::vector<int64_t> PeakActivations(const Program& program, const ActivationLimits& limits);

// Returns OK for a sound program.
// Errors: Internal with the first few violations.
absl::Status CheckProgram(const Program& program, const ValidateOptions& options = {});

}  // namespace baton

#endif  // BATON_SCHEDULES_VALIDATE_VALIDATE_H_
