// The transport between host devices of one process. Used by runtime/machine, by rehearsals and by tests.
#ifndef BATON_RUNTIME_TRANSPORT_LOCAL_LOCAL_TRANSPORT_H_
#define BATON_RUNTIME_TRANSPORT_LOCAL_LOCAL_TRANSPORT_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "runtime/transport/local/local_channel.h"
#include "runtime/transport/transport.h"

namespace baton {

// How long a transfer between two devices takes, for rehearsals. No field may be negative, except shared_link.
struct LocalLinkOptions {
  Nanos latency_ns = 0;                  // after its turn on the link
  double bytes_per_ns = 0;               // 0: bytes take no time
  int shared_link = -1;                  // channels with the same number share a link; −1: a link of its own
  std::vector<Nanos> latencies_ns = {};  // if not empty: of the n-th transfer of a step, instead of latency_ns
};

struct LocalTransportOptions {
  // The link from one device to another. Null: transfers take only as long as the copy.
  std::function<LocalLinkOptions(int from, int to)> link = nullptr;
  // Duration of the n-th sum that is made, counted from 0, after the last arrival. Null: as long as it takes.
  std::function<Nanos(int sum)> reduce_ns = nullptr;
  bool moves_data = true;  // false for rehearsals, whose buffers hold no data
};

// Thread contract: see Transport.
class LocalTransport final : public Transport {
 public:
  explicit LocalTransport(LocalTransportOptions options = {}) : options_(std::move(options)) {}

  // Errors besides Transport's: InvalidArgument if a cost of the link is negative.
  absl::StatusOr<std::unique_ptr<Channel>> CreateChannel(int from, int to, int capacity) override;
  // Errors besides Transport's: InvalidArgument for a negative duration.
  absl::StatusOr<std::unique_ptr<Collective>> CreateCollective(absl::Span<const int32_t> device_of_member) override;

 private:
  const LocalTransportOptions options_;
  std::map<int, std::shared_ptr<LocalLink>> shared_links_;
  int num_sums_ = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_LOCAL_LOCAL_TRANSPORT_H_
