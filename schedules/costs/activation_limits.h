// Limits on the activations of a device: as a user gives them, and as integers to count with. Used by search, which
// stays within them, and by validate, which proves that a program does.
//
//   MemoryLimit asked;
//   asked.micro_batches = {7.5};
//   BATON_ASSIGN_OR_RETURN(const ActivationLimits limits, ResolveLimits(asked, costs, num_devices));
//   BATON_RETURN_IF_ERROR(CheckFeasible(limits, device_of_chunk));
#ifndef BATON_SCHEDULES_COSTS_ACTIVATION_LIMITS_H_
#define BATON_SCHEDULES_COSTS_ACTIVATION_LIMITS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "schedules/costs/costs.h"

namespace baton {

// A limit as given. At most one of the first two fields has values: one for all devices, or one for each device.
struct MemoryLimit {
  std::vector<double> micro_batches;  // above 0 to 10⁶, of a device's whole share of the layers; may be fractional
  std::vector<Bytes> bytes;           // at least 1
  // Fraction of an activation still live between backward-input and backward-weight, 0 to 1. Default: from the costs,
  // else 1.
  std::optional<double> weight_fraction;

  bool is_given() const { return !micro_batches.empty() || !bytes.empty(); }
};

// A limit to count with, in one unit throughout: bytes, or millionths of a chunk's activation. For each micro-batch of
// a chunk
//
//   Forward ── activation[chunk] live ──▶ BackwardInput ── weight_activation[chunk] live ──▶ BackwardWeight
struct ActivationLimits {
  bool in_bytes = false;
  int chunks_per_device = 1;               // at least 1
  std::vector<int64_t> activation;         // [chunk] at least 0
  std::vector<int64_t> weight_activation;  // [chunk] 0 to activation[chunk]
  std::vector<int64_t> limit;              // [device] 1 to kNoActivationLimit

  // As "7.5 micro-batches", rounded up to three decimals, or "1288490188 bytes".
  std::string Format(int64_t amount) const;
  // `amount` in micro-batches of a device's whole share of the layers. Only if the unit is not bytes.
  double ToMicroBatches(int64_t amount) const;
};

inline constexpr int64_t kNoActivationLimit = int64_t{1} << 61;

// The limits of `num_devices` devices. If `asked` gives none, each is kNoActivationLimit.
// Errors: InvalidArgument with the field of proto/job.proto: both kinds of limit are given, a number of values other
// than 1 and num_devices, a value out of range, or a limit in bytes if the costs have no bytes of activations.
absl::StatusOr<ActivationLimits> ResolveLimits(const MemoryLimit& asked, const CostModel& costs, int num_devices);

// OK if each device has room for one micro-batch on all of its chunks. With less nothing can run; with it some order
// can. Errors: InvalidArgument with the smallest limit that is enough.
absl::Status CheckFeasible(const ActivationLimits& limits, const std::vector<int32_t>& device_of_chunk);

}  // namespace baton

#endif  // BATON_SCHEDULES_COSTS_ACTIVATION_LIMITS_H_
