// A channel carries transfers from one device to another, in order: the n-th Send meets the n-th Receive.
// Posting never blocks the caller; the transfer begins when both sides are posted and their streams have reached it,
// and completes `done` of both sides. The buffers belong to the transfer from posting until then.
#ifndef BATON_RUNTIME_TRANSPORT_CHANNEL_H_
#define BATON_RUNTIME_TRANSPORT_CHANNEL_H_

#include <cstddef>

#include "absl/status/status.h"
#include "base/units.h"
#include "runtime/device/device.h"

namespace baton {

class Channel {
 public:
  virtual ~Channel() = default;
  // `done` is done at the end of the transfer; `started` (null: nobody asks) when both sides were ready.
  // Errors: Internal if the two sides differ in size.
  virtual absl::Status Send(Stream& stream, const std::byte* data, Bytes bytes, Event& done, Event* started) = 0;
  virtual absl::Status Receive(Stream& stream, std::byte* data, Bytes bytes, Event& done, Event* started) = 0;
  // Forgets what was posted and not matched, between steps or after an error. No other call may be in progress.
  virtual void Reset() = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_CHANNEL_H_
