// Checks, units and rounding; see activation_limits.h.
#include "schedules/costs/activation_limits.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status.h"

namespace baton {
namespace {

constexpr double kUnitsPerChunk = 1e6;
constexpr double kMostMicroBatches = 1e6;
constexpr char kMicroBatches[] = "pipeline.search.activation_limit_micro_batches";
constexpr char kBytes[] = "pipeline.search.activation_limit_bytes";

absl::Status CheckCount(const char* field, size_t count, int num_devices) {
  if (count <= 1 || count == static_cast<size_t>(num_devices)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(field, ": ", count, " numbers; must be one for all devices, or one for each of ", num_devices));
}

absl::Status CheckAsked(const MemoryLimit& asked, int num_devices) {
  if (!asked.micro_batches.empty() && !asked.bytes.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(kBytes, ": ", kMicroBatches, " is given too; leave one of them out"));
  }
  BATON_RETURN_IF_ERROR(CheckCount(kMicroBatches, asked.micro_batches.size(), num_devices));
  BATON_RETURN_IF_ERROR(CheckCount(kBytes, asked.bytes.size(), num_devices));
  for (double limit : asked.micro_batches) {
    if (limit > 0 && limit <= kMostMicroBatches) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(kMicroBatches, ": ", limit, "; must be above 0 and at most 1000000 micro-batches"));
  }
  for (Bytes limit : asked.bytes) {
    if (limit > 0 && limit <= kNoActivationLimit) continue;
    return absl::InvalidArgumentError(absl::StrCat(kBytes, ": ", limit, "; must be at least 1"));
  }
  if (asked.weight_fraction && !(*asked.weight_fraction >= 0 && *asked.weight_fraction <= 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("pipeline.search.weight_activation_fraction: ", *asked.weight_fraction, "; must be from 0 to 1"));
  }
  return absl::OkStatus();
}

// The device's value; a single one is for all devices.
template <typename Number>
Number LimitOf(const std::vector<Number>& limits, int device) {
  return limits.size() == 1 ? limits[0] : limits[device];
}

}  // namespace

std::string ActivationLimits::Format(int64_t amount) const {
  if (in_bytes) return absl::StrCat(amount, " bytes");
  // Rounded up, so that a limit in a message is enough.
  const double micro_batches = std::ceil(ToMicroBatches(amount) * 1000 - 1e-6) / 1000;
  return absl::StrCat(absl::StrFormat("%g", micro_batches), micro_batches == 1 ? " micro-batch" : " micro-batches");
}

double ActivationLimits::ToMicroBatches(int64_t amount) const {
  return static_cast<double>(amount) / (chunks_per_device * kUnitsPerChunk);
}

absl::StatusOr<ActivationLimits> ResolveLimits(const MemoryLimit& asked, const CostModel& costs, int num_devices) {
  BATON_RETURN_IF_ERROR(CheckAsked(asked, num_devices));
  ActivationLimits limits;
  limits.in_bytes = !asked.bytes.empty();
  limits.chunks_per_device = std::max(1, static_cast<int>(costs.chunks.size()) / num_devices);
  Bytes most = 0;
  for (const ChunkCosts& chunk : costs.chunks) {
    const Bytes bytes = chunk.saved_bytes + chunk.saved_weight_bytes;
    most = std::max(most, bytes);
    const double share = bytes == 0 ? 1.0 : static_cast<double>(chunk.saved_weight_bytes) / static_cast<double>(bytes);
    const double activation = limits.in_bytes ? static_cast<double>(bytes) : kUnitsPerChunk;
    limits.activation.push_back(static_cast<int64_t>(activation));
    // Rounded up, so that no less is counted than is live.
    limits.weight_activation.push_back(std::min(
        limits.activation.back(), static_cast<int64_t>(std::ceil(asked.weight_fraction.value_or(share) * activation))));
  }
  if (limits.in_bytes && most == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(kBytes, ": the costs give no bytes of activations; give them, or limit micro-batches instead"));
  }
  limits.limit.assign(num_devices, kNoActivationLimit);
  for (int device = 0; device < num_devices && asked.is_given(); ++device) {
    limits.limit[device] =
        limits.in_bytes
            ? LimitOf(asked.bytes, device)
            // To the nearest: 7.1 is not exact in binary.
            : std::llround(LimitOf(asked.micro_batches, device) * limits.chunks_per_device * kUnitsPerChunk);
  }
  return limits;
}

absl::Status CheckFeasible(const ActivationLimits& limits, const std::vector<int32_t>& device_of_chunk) {
  std::vector<int64_t> needed(limits.limit.size());
  for (size_t chunk = 0; chunk < device_of_chunk.size(); ++chunk)
    needed[device_of_chunk[chunk]] += limits.activation[chunk];
  for (size_t device = 0; device < needed.size(); ++device) {
    if (needed[device] <= limits.limit[device]) continue;
    return absl::InvalidArgumentError(absl::StrCat(limits.in_bytes ? kBytes : kMicroBatches, ": device ", device,
                                                   " is limited to ", limits.Format(limits.limit[device]),
                                                   "; the smallest limit that any order can keep is ",
                                                   limits.Format(needed[device]), ", for one micro-batch in flight"));
  }
  return absl::OkStatus();
}

}  // namespace baton
