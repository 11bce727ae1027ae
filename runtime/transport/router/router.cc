// The choice of a transport.
#include "runtime/transport/router/router.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace baton {

absl::StatusOr<std::unique_ptr<Router>> Router::Create(RouterOptions options) {
  if (options.local == nullptr || options.remote == nullptr) {
    return absl::InvalidArgumentError(options.local == nullptr ? "local: null" : "remote: null");
  }
  const std::vector<int>& ranks = options.rank_of_device;
  if (std::find(ranks.begin(), ranks.end(), options.rank) == ranks.end()) {
    return absl::InvalidArgumentError(absl::StrCat("rank_of_device: rank ", options.rank, " has no device"));
  }
  return std::unique_ptr<Router>(new Router(std::move(options)));
}

Router::Router(RouterOptions options) : options_(std::move(options)) {}

absl::StatusOr<Transport*> Router::Pick(absl::Span<const int32_t> devices) const {
  size_t num_here = 0;
  for (const int32_t device : devices) {
    if (device < 0 || device >= static_cast<int32_t>(options_.rank_of_device.size())) {
      return absl::InvalidArgumentError(
          absl::StrCat("device ", device, ": there are ", options_.rank_of_device.size(), " devices"));
    }
    num_here += options_.rank_of_device[device] == options_.rank;
  }
  if (num_here == devices.size()) return options_.local;
  return num_here == 0 ? nullptr : options_.remote;
}

absl::StatusOr<std::unique_ptr<Channel>> Router::CreateChannel(int from, int to, int capacity) {
  if (from == to) return absl::InvalidArgumentError(absl::StrCat("a channel from device ", from, " to itself"));
  BATON_ASSIGN_OR_RETURN(Transport * transport, Pick({from, to}));
  if (transport == nullptr) return nullptr;
  return transport->CreateChannel(from, to, capacity);
}

absl::StatusOr<std::unique_ptr<Collective>> Router::CreateCollective(absl::Span<const int32_t> device_of_member) {
  if (device_of_member.empty()) return absl::InvalidArgumentError("a sum without members");
  BATON_ASSIGN_OR_RETURN(Transport * transport, Pick(device_of_member));
  if (transport == nullptr) return nullptr;
  return transport->CreateCollective(device_of_member);
}

void Router::SetErrorSink(std::function<void(const absl::Status&)> sink) {
  options_.local->SetErrorSink(sink);
  options_.remote->SetErrorSink(std::move(sink));
}

}  // namespace baton
