// Making channels and collectives with this transport's options.
#include "runtime/transport/local/local_transport.h"

#include "absl/strings/str_cat.h"
#include "runtime/transport/local/local_channel.h"
#include "runtime/transport/local/local_collective.h"

namespace baton {

absl::StatusOr<std::unique_ptr<Channel>> LocalTransport::CreateChannel(int from, int to, int capacity) {
  if (from == to) return absl::InvalidArgumentError(absl::StrCat("a channel from device ", from, " to itself"));
  if (options_.transfer_latency_ns < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("transfer_latency_ns is ", options_.transfer_latency_ns, "; it must not be negative"));
  }
  LocalChannelOptions options;
  options.latency_ns = options_.transfer_latency_ns;
  if (const auto given = options_.latencies_ns.find({from, to}); given != options_.latencies_ns.end()) {
    for (Nanos latency_ns : given->second) {
      if (latency_ns < 0) {
        return absl::InvalidArgumentError(absl::StrCat("latencies_ns is ", latency_ns, "; it must not be negative"));
      }
    }
    options.latencies_ns = given->second;
  }
  options.copies = options_.moves_data;
  return std::make_unique<LocalChannel>(capacity, options);
}

absl::StatusOr<std::unique_ptr<Collective>> LocalTransport::CreateCollective(
    absl::Span<const int32_t> device_of_member) {
  if (device_of_member.empty()) return absl::InvalidArgumentError("a sum without members");
  if (options_.reduce_latency_ns < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("reduce_latency_ns is ", options_.reduce_latency_ns, "; it must not be negative"));
  }
  return std::make_unique<LocalCollective>(device_of_member, options_.reduce_latency_ns, options_.moves_data);
}

}  // namespace baton
