// A channel carries transfers from one device to another, in order: the n-th Send matches the n-th Receive. Made by a
// Transport; used by Worker.
//
//   sender's worker     Send(n): posted ─────────────┐
//   receiver's worker          Receive(n): posted ───┴─ matched: started ── copy ── done (both sides)
#ifndef BATON_RUNTIME_TRANSPORT_CHANNEL_H_
#define BATON_RUNTIME_TRANSPORT_CHANNEL_H_

#include <cstddef>

#include "absl/status/status.h"
#include "base/units.h"
#include "runtime/device/device.h"

namespace baton {

// Posting does not block the caller. A transfer begins when both sides are posted and their streams have reached it.
// Thread contract: Send from the sender's worker, Receive from the receiver's worker; Reset while neither is in
// progress. Ownership: buffers and events are borrowed until `done` is done.
class Channel {
 public:
  virtual ~Channel() = default;
  // Completes `done` at the end of the transfer, and `started` (may be null) when both sides are ready. Events belong
  // to the caller's device. `bytes` may be 0, with any `data`. Errors: Internal if the two sides' sizes differ, or if
  // one side posts more than the channel's capacity.
  virtual absl::Status Send(Stream& stream, const std::byte* data, Bytes bytes, Event& done, Event* started) = 0;
  virtual absl::Status Receive(Stream& stream, std::byte* data, Bytes bytes, Event& done, Event* started) = 0;
  // Clears unmatched transfers, between steps or after an error.
  virtual void Reset() = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_CHANNEL_H_
