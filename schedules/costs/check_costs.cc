// Ranges of all fields, then the sums; see check_costs.h.
#include "schedules/costs/check_costs.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace baton {
namespace {

constexpr double kLimit = static_cast<double>(int64_t{1} << 61);
constexpr double kLeastBytesPerNano = 1e-6;
constexpr double kMostBytesPerNano = 1e6;

struct Field {
  const char* name;
  int64_t ChunkCosts::*value;
};

constexpr Field kTimes[] = {
    {"forward_ns", &ChunkCosts::forward_ns},
    {"backward_input_ns", &ChunkCosts::backward_input_ns},
    {"backward_weight_ns", &ChunkCosts::backward_weight_ns},
    {"recompute_ns", &ChunkCosts::recompute_ns},
    {"update_ns", &ChunkCosts::update_ns},
    {"repeated_ns", &ChunkCosts::repeated_ns},
    {"fold_ns", &ChunkCosts::fold_ns},
};
constexpr Field kSizes[] = {
    {"parameter_bytes", &ChunkCosts::parameter_bytes},
    {"optimizer_bytes", &ChunkCosts::optimizer_bytes},
    {"input_bytes", &ChunkCosts::input_bytes},
    {"targets_bytes", &ChunkCosts::targets_bytes},
    {"output_bytes", &ChunkCosts::output_bytes},
    {"saved_bytes", &ChunkCosts::saved_bytes},
    {"saved_weight_bytes", &ChunkCosts::saved_weight_bytes},
    {"stash_bytes", &ChunkCosts::stash_bytes},
    {"recomputed_bytes", &ChunkCosts::recomputed_bytes},
    {"recomputed_weight_bytes", &ChunkCosts::recomputed_weight_bytes},
    {"workspace_bytes", &ChunkCosts::workspace_bytes},
};

absl::Status CheckNotNegative(const std::string& name, int64_t value) {
  if (value >= 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("costs.", name, ": ", value, "; must be at least 0"));
}

// A bandwidth: 0 for none, else in a range in which one byte takes neither no time nor forever.
absl::Status CheckBandwidth(const std::string& name, double bytes_per_ns) {
  if (bytes_per_ns == 0 || (bytes_per_ns >= kLeastBytesPerNano && bytes_per_ns <= kMostBytesPerNano)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat("costs.", name, ": ", bytes_per_ns, "; must be 0 or from ",
                                                 kLeastBytesPerNano, " to ", kMostBytesPerNano));
}

// The longest time of one transfer with a link of its own.
double LongestTransfer(const CostModel& costs) {
  Bytes largest = 0;
  for (const ChunkCosts& chunk : costs.chunks) largest = std::max({largest, chunk.input_bytes, chunk.output_bytes});
  double longest = 0;
  for (const LinkCosts& link : {LinkCosts{costs.transfer_ns, costs.bytes_per_ns}, costs.inter}) {
    const double transmit = link.bytes_per_ns > 0 ? static_cast<double>(largest) / link.bytes_per_ns : 0;
    longest = std::max(longest, static_cast<double>(link.latency_ns) + transmit);
  }
  return longest;
}

// Adds the values of `fields` to `sum`. Floating point, since a sum of integers could overflow.
template <size_t n>
absl::Status CheckFields(const Field (&fields)[n], const ChunkCosts& chunk, int index, double& sum) {
  for (const Field& field : fields) {
    BATON_RETURN_IF_ERROR(CheckNotNegative(absl::StrCat("chunks[", index, "].", field.name), chunk.*field.value));
    sum += static_cast<double>(chunk.*field.value);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckCosts(const CostModel& costs, int num_chunks, int num_micro_batches) {
  if (costs.chunks.size() != static_cast<size_t>(num_chunks)) {
    return absl::InvalidArgumentError(
        absl::StrCat("costs.chunks: ", costs.chunks.size(), " chunks; the schedule has ", num_chunks));
  }
  BATON_RETURN_IF_ERROR(CheckNotNegative("transfer_ns", costs.transfer_ns));
  if (!costs.link_ns.empty() && costs.link_ns.size() != costs.chunks.size()) {
    return absl::InvalidArgumentError(absl::StrCat("costs.link_ns: ", costs.link_ns.size(),
                                                   " links; must be none, or one for each of ", num_chunks, " chunks"));
  }
  double links = 0;
  for (size_t i = 0; i < costs.link_ns.size(); ++i) {
    BATON_RETURN_IF_ERROR(CheckNotNegative(absl::StrCat("link_ns[", i, "]"), costs.link_ns[i]));
    links += 2.0 * static_cast<double>(costs.link_ns[i]);
  }
  BATON_RETURN_IF_ERROR(CheckNotNegative("load_ns", costs.load_ns));
  BATON_RETURN_IF_ERROR(CheckNotNegative("reduce_ns", costs.reduce_ns));
  BATON_RETURN_IF_ERROR(CheckBandwidth("bytes_per_ns", costs.bytes_per_ns));
  BATON_RETURN_IF_ERROR(CheckNotNegative("devices_per_node", costs.devices_per_node));
  BATON_RETURN_IF_ERROR(CheckNotNegative("inter.latency_ns", costs.inter.latency_ns));
  BATON_RETURN_IF_ERROR(CheckBandwidth("inter.bytes_per_ns", costs.inter.bytes_per_ns));
  BATON_RETURN_IF_ERROR(CheckNotNegative("wake_ns", costs.wake_ns));
  BATON_RETURN_IF_ERROR(CheckNotNegative("cores.cores", costs.cores.cores));
  BATON_RETURN_IF_ERROR(CheckNotNegative("cores.devices_per_host", costs.cores.devices_per_host));
  if (costs.cores.threads_each < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("costs.cores.threads_each: ", costs.cores.threads_each, "; must be at least 1"));
  }
  double times = links;
  double sizes = 0;
  for (int i = 0; i < num_chunks; ++i) {
    BATON_RETURN_IF_ERROR(CheckFields(kTimes, costs.chunks[i], i, times));
    BATON_RETURN_IF_ERROR(CheckFields(kSizes, costs.chunks[i], i, sizes));
  }
  // For each chunk and micro-batch: at most two transfers, two loads and one AllReduce. Each buffer counts twice.
  times += num_chunks * 2.0 * (LongestTransfer(costs) + costs.load_ns + costs.reduce_ns);
  // At most one device a chunk shares the cores.
  times /= costs.cores.SpeedOf(num_chunks);
  if (times * num_micro_batches > kLimit) {
    return absl::InvalidArgumentError("costs: the times of all chunks and micro-batches add up to more than 2^61 ns");
  }
  if ((sizes + num_chunks * 16.0 * kBufferAlignment) * (2.0 * num_micro_batches + 1) > kLimit) {
    return absl::InvalidArgumentError(
        "costs: the sizes of all chunks and micro-batches add up to more than 2^61 bytes");
  }
  return absl::OkStatus();
}

}  // namespace baton
