// Making channels and collectives as the options say.
#include "runtime/transport/local/local_transport.h"

#include "absl/strings/str_cat.h"
#include "runtime/transport/local/local_channel.h"
#include "runtime/transport/local/local_collective.h"

namespace baton {

absl::StatusOr<std::unique_ptr<Channel>> LocalTransport::CreateChannel(int from, int to, int capacity) {
  if (from == to) return absl::InvalidArgumentError(absl::StrCat("a channel from device ", from, " to itself"));
  const LocalLinkOptions link = options_.link ? options_.link(from, to) : LocalLinkOptions{};
  if (link.latency_ns < 0 || link.bytes_per_ns < 0) {
    return absl::InvalidArgumentError(absl::StrCat("the link from device ", from, " to ", to, " has latency_ns ",
                                                   link.latency_ns, " and bytes_per_ns ", link.bytes_per_ns,
                                                   "; neither may be negative"));
  }
  for (Nanos latency_ns : link.latencies_ns) {
    if (latency_ns < 0) {
      return absl::InvalidArgumentError(absl::StrCat("latencies_ns is ", latency_ns, "; it must not be negative"));
    }
  }
  LocalChannelOptions options;
  options.latency_ns = link.latency_ns;
  options.bytes_per_ns = link.bytes_per_ns;
  options.latencies_ns = link.latencies_ns;
  options.copies = options_.moves_data;
  std::shared_ptr<LocalLink> own;
  std::shared_ptr<LocalLink>& slot = link.shared_link < 0 ? own : shared_links_[link.shared_link];
  if (slot == nullptr) slot = std::make_shared<LocalLink>();
  options.link = slot;
  return std::make_unique<LocalChannel>(capacity, options);
}

absl::StatusOr<std::unique_ptr<Collective>> LocalTransport::CreateCollective(
    absl::Span<const int32_t> device_of_member) {
  if (device_of_member.empty()) return absl::InvalidArgumentError("a sum without members");
  const Nanos reduce_ns = options_.reduce_ns ? options_.reduce_ns(num_sums_++) : 0;
  if (reduce_ns < 0)
    return absl::InvalidArgumentError(absl::StrCat("reduce_ns is ", reduce_ns, "; it must not be negative"));
  return std::make_unique<LocalCollective>(device_of_member, reduce_ns, options_.moves_data);
}

}  // namespace baton
