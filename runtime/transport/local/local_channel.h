// A channel between two devices of one process: whoever posts second copies. Made by LocalTransport.
//
//   sender       post n ──────────┐                      done n
//   receiver               post n ┴─ memcpy ─ (latency) ─ done n
//                               start                    end
#ifndef BATON_RUNTIME_TRANSPORT_LOCAL_LOCAL_CHANNEL_H_
#define BATON_RUNTIME_TRANSPORT_LOCAL_LOCAL_CHANNEL_H_

#include <algorithm>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/status/status.h"
#include "runtime/device/host/host_event.h"
#include "runtime/transport/channel.h"

namespace baton {

// When a link is free for the next transfer; channels may share one. Any thread.
class LocalLink {
 public:
  // Takes the link for `hold_ns` from `start` on, or from when it is free if that is later; the end of that.
  Nanos Take(Nanos start, Nanos hold_ns) {
    std::lock_guard<std::mutex> lock(mutex_);
    free_at_ = std::max(free_at_, start) + hold_ns;
    return free_at_;
  }

 private:
  std::mutex mutex_;
  Nanos free_at_ = 0;
};

struct LocalChannelOptions {
  // A transfer takes its turn on the link, holds it for its bytes, and ends this long after that, or when the copy is
  // done if that is later. For rehearsals.
  Nanos latency_ns = 0;
  double bytes_per_ns = 0;          // 0: bytes take no time
  std::shared_ptr<LocalLink> link;  // needed for a bandwidth
  // If not empty: of the n-th transfer instead, over and over.
  std::vector<Nanos> latencies_ns;
  // False: sizes are compared, but nothing is copied. For rehearsals, whose buffers hold nothing.
  bool copies = true;
};

// Events must be HostEvents; streams are not used, since host streams have always reached the call.
// Thread contract: Send from one thread, Receive from one thread; Reset while neither is in progress. Buffers and
// events are borrowed until done. Nothing is allocated after construction.
class LocalChannel final : public Channel {
 public:
  // At most `capacity` transfers may be posted by one side and not met; at least 1.
  LocalChannel(int capacity, LocalChannelOptions options);

  // Errors besides Channel's: Internal if more than `capacity` are posted.
  absl::Status Send(Stream& stream, const std::byte* data, Bytes bytes, Event& done, Event* started) override;
  absl::Status Receive(Stream& stream, std::byte* data, Bytes bytes, Event& done, Event* started) override;
  void Reset() override;

 private:
  struct Post {
    const std::byte* source = nullptr;  // of a sender
    std::byte* destination = nullptr;   // of a receiver
    Bytes bytes = 0;
    HostEvent* done = nullptr;
    HostEvent* started = nullptr;
    Nanos posted_at = 0;
  };

  absl::Status Meet(const Post& mine, bool is_sender);
  absl::Status Complete(const Post& send, const Post& receive, Nanos latency_ns);

  const LocalChannelOptions options_;
  std::mutex mutex_;
  // A ring of what one side has posted and the other has not met; guarded by mutex_.
  std::vector<Post> pending_;
  size_t first_pending_ = 0;
  size_t num_pending_ = 0;
  bool pending_are_sends_ = false;
  size_t num_met_ = 0;  // modulo the size of latencies_ns; guarded by mutex_
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_LOCAL_LOCAL_CHANNEL_H_
