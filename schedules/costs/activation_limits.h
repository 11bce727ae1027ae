// How much of activations a device may hold: as a user says it, and as integers to count with. Used by search, which
// keeps to it, and by validate, which proves that.
#ifndef BATON_SCHEDULES_COSTS_ACTIVATION_LIMITS_H_
#define BATON_SCHEDULES_COSTS_ACTIVATION_LIMITS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "schedules/costs/costs.h"

namespace baton {

// As asked for. At most one of the first two is given; each has one number for all devices, or one for each.
struct MemoryLimit {
  std::vector<double> micro_batches;  // of a device's whole share of the layers; may be fractional
  std::vector<Bytes> bytes;
  // Of an activation, what is still held from backward-input to backward-weight, 0 to 1. Unset: what the costs say of
  // each chunk, or all where they say nothing.
  std::optional<double> weight_fraction;

  bool is_given() const { return !micro_batches.empty() || !bytes.empty(); }
};

// In one unit throughout: bytes, or millionths of a chunk's activation. A chunk's activation takes held[chunk] from its
// forward to its backward-input, then held_weight[chunk], which is no more, until its backward-weight.
struct ActivationLimits {
  bool in_bytes = false;
  int chunks_per_device = 1;
  std::vector<int64_t> held;         // [chunk]
  std::vector<int64_t> held_weight;  // [chunk]
  std::vector<int64_t> limit;        // [device]

  // As "7.5 micro-batches" or "1288490188 bytes".
  std::string Format(int64_t amount) const;
  // Of a device's whole share of the layers, where the unit is not bytes.
  double ToMicroBatches(int64_t amount) const;
};

inline constexpr int64_t kNoActivationLimit = int64_t{1} << 61;

// Without a limit each device's is kNoActivationLimit.
// Errors: InvalidArgument in the words of proto/job.proto: both kinds of limit, one that is negative or no number, a
// wrong number of them, a fraction beyond 0 to 1, bytes where the costs have none.
absl::StatusOr<ActivationLimits> ResolveLimits(const MemoryLimit& asked, const CostModel& costs, int num_devices);

// Whether each device has room for one micro-batch on all its chunks, without which nothing can run, and with which
// something can. Errors: InvalidArgument with the smallest limit that is enough.
absl::Status CheckFeasible(const ActivationLimits& limits, const std::vector<int32_t>& device_of_chunk);

}  // namespace baton

#endif  // BATON_SCHEDULES_COSTS_ACTIVATION_LIMITS_H_
