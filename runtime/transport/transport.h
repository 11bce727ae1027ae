// A transport makes the channels and collectives between the devices of one program. Used by the executor at Create.
#ifndef BATON_RUNTIME_TRANSPORT_TRANSPORT_H_
#define BATON_RUNTIME_TRANSPORT_TRANSPORT_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "runtime/transport/channel.h"
#include "runtime/transport/collective.h"

namespace baton {

// Thread contract: the launching thread only; what it makes must not outlive it.
class Transport {
 public:
  virtual ~Transport() = default;
  // From device `from` to device `to`; at most `capacity` transfers are posted by one side and not met at a time.
  virtual absl::StatusOr<std::unique_ptr<Channel>> CreateChannel(int from, int to, int capacity) = 0;
  // A sum whose n-th member lives on device `device_of_member[n]`.
  virtual absl::StatusOr<std::unique_ptr<Collective>> CreateCollective(absl::Span<const int32_t> device_of_member) = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_TRANSPORT_H_
