// A transport makes the channels and collectives between devices. Used by the executor when a program is added.
#ifndef BATON_RUNTIME_TRANSPORT_TRANSPORT_H_
#define BATON_RUNTIME_TRANSPORT_TRANSPORT_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "runtime/transport/channel.h"
#include "runtime/transport/collective.h"

namespace baton {

// Thread contract: the launching thread. Borrows the devices. Its channels and collectives must be destroyed before it.
class Transport {
 public:
  virtual ~Transport() = default;
  // A channel from device `from` to device `to` for at most `capacity` transfers that one side has posted and the other
  // has not matched; a capacity below 1 counts as 1. Errors: InvalidArgument if from is to.
  virtual absl::StatusOr<std::unique_ptr<Channel>> CreateChannel(int from, int to, int capacity) = 0;
  // A sum whose n-th member is on device `device_of_member[n]`. Errors: InvalidArgument without members.
  virtual absl::StatusOr<std::unique_ptr<Collective>> CreateCollective(absl::Span<const int32_t> device_of_member) = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_TRANSPORT_H_
