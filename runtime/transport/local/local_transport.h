// The transport between host devices of one process. Used by training on the host, by rehearsals and by tests.
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

// What a transfer between two devices takes; for rehearsals.
struct LocalLinkOptions {
  Nanos latency_ns = 0;                  // from the end of its turn on the link
  double bytes_per_ns = 0;               // 0: bytes take no time
  int shared_link = -1;                  // channels of one number, at least 0, share a link; negative: one of its own
  std::vector<Nanos> latencies_ns = {};  // if not empty: of the n-th transfer of a step instead, over and over
};

struct LocalTransportOptions {
  // The link from a device to another; none: transfers take as long as they take.
  std::function<LocalLinkOptions(int from, int to)> link = nullptr;
  // From the last arrival at the n-th sum that is made, from 0, to its end; none: as long as it takes.
  std::function<Nanos(int sum)> reduce_ns = nullptr;
  bool moves_data = true;  // rehearsals say no: their buffers hold nothing
};

// Thread contract: see Transport.
class LocalTransport final : public Transport {
 public:
  explicit LocalTransport(LocalTransportOptions options = {}) : options_(std::move(options)) {}

  // Errors: InvalidArgument if from is to or a cost of the link is negative.
  absl::StatusOr<std::unique_ptr<Channel>> CreateChannel(int from, int to, int capacity) override;
  // Errors: InvalidArgument for a sum without members or with a negative duration.
  absl::StatusOr<std::unique_ptr<Collective>> CreateCollective(absl::Span<const int32_t> device_of_member) override;

 private:
  const LocalTransportOptions options_;
  std::map<int, std::shared_ptr<LocalLink>> shared_links_;
  int num_sums_ = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_LOCAL_LOCAL_TRANSPORT_H_
