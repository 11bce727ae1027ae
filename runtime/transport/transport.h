// A transport makes the channels and collectives between devices. Used by the executor when a program is added.
//
// Devices may be in several processes. Every process then has a transport, and makes the same channels and collectives
// in the same order; each gets the end that is in it.
#ifndef BATON_RUNTIME_TRANSPORT_TRANSPORT_H_
#define BATON_RUNTIME_TRANSPORT_TRANSPORT_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/status.h"
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
  // has not matched; a capacity below 1 counts as 1. Null if neither device is in this process; if one is, only its
  // side of the channel may be used. Errors: InvalidArgument if from is to.
  virtual absl::StatusOr<std::unique_ptr<Channel>> CreateChannel(int from, int to, int capacity) = 0;
  // A sum whose n-th member is on device `device_of_member[n]`. Null if no member is in this process; only the devices
  // of this process arrive. Errors: InvalidArgument without members.
  virtual absl::StatusOr<std::unique_ptr<Collective>> CreateCollective(absl::Span<const int32_t> device_of_member) = 0;
  // Calls `sink` with an error that happens after the call that posted, such as the death of the other process. It is
  // called on any thread; also at once, for an error of before. Null: from the return on, no sink is called.
  virtual void SetErrorSink(std::function<void(const absl::Status&)> sink) {}
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_TRANSPORT_H_
