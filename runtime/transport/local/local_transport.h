// The transport between host devices of one process. Used by training on the host, by rehearsals and by tests.
#ifndef BATON_RUNTIME_TRANSPORT_LOCAL_LOCAL_TRANSPORT_H_
#define BATON_RUNTIME_TRANSPORT_LOCAL_LOCAL_TRANSPORT_H_

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "runtime/transport/transport.h"

namespace baton {

struct LocalTransportOptions {
  Nanos transfer_latency_ns = 0;  // from both sides' being ready to the end; for rehearsals
  // Where transfers differ: by (from, to) the latency of each transfer of a step, in order; others take the one above.
  std::map<std::pair<int, int>, std::vector<Nanos>> latencies_ns;
  Nanos reduce_latency_ns = 0;  // from the last arrival to the end; for rehearsals
  bool moves_data = true;       // rehearsals say no: their buffers hold nothing
};

// Thread contract: see Transport.
class LocalTransport final : public Transport {
 public:
  explicit LocalTransport(LocalTransportOptions options = {}) : options_(options) {}

  // Errors: InvalidArgument if from is to or an option is negative.
  absl::StatusOr<std::unique_ptr<Channel>> CreateChannel(int from, int to, int capacity) override;
  // Errors: InvalidArgument for a sum without members or a negative option.
  absl::StatusOr<std::unique_ptr<Collective>> CreateCollective(absl::Span<const int32_t> device_of_member) override;

 private:
  const LocalTransportOptions options_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_LOCAL_LOCAL_TRANSPORT_H_
