// A channel between two host devices of one process. The side that posts second copies. Made by LocalTransport.
//
//   sender       post n ──────────┐                      done n
//   receiver               post n ┴─ memcpy ─ (latency) ─ done n
//                               start                    end
#ifndef BATON_RUNTIME_TRANSPORT_LOCAL_LOCAL_CHANNEL_H_
#define BATON_RUNTIME_TRANSPORT_LOCAL_LOCAL_CHANNEL_H_

#include <algorithm>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "base/mutex.h"
#include "runtime/device/host/host_event.h"
#include "runtime/transport/channel.h"

namespace baton {

// A link that carries one transfer at a time; channels may share one. Thread contract: any thread.
class LocalLink {
 public:
  // Reserves the link for `duration_ns`, from `start` or from when the link is free if that is later. Returns the end.
  Nanos Reserve(Nanos start, Nanos duration_ns) {
    MutexLock lock(&mutex_);
    free_at_ = std::max(free_at_, start) + duration_ns;
    return free_at_;
  }

 private:
  Mutex mutex_;
  Nanos free_at_ ABSL_GUARDED_BY(mutex_) = 0;
};

struct LocalChannelOptions {
  // For rehearsals: a transfer waits for its turn on the link, occupies it for bytes / bytes_per_ns, and ends
  // latency_ns later, or when the copy is done if that is later.
  Nanos latency_ns = 0;             // at least 0
  double bytes_per_ns = 0;          // 0: bytes take no time
  std::shared_ptr<LocalLink> link;  // required if bytes_per_ns > 0
  // If not empty: entry n modulo the size is the n-th transfer's latency, instead of latency_ns.
  std::vector<Nanos> latencies_ns;
  // False: compares sizes but copies nothing, for rehearsals, whose buffers hold no data.
  bool copies = true;
};

// Events must be HostEvents. Streams are not used, since a host stream has no work pending when it is passed.
// Thread contract, ownership: see Channel. Allocates nothing after construction.
class LocalChannel final : public Channel {
 public:
  // `capacity` as Transport::CreateChannel.
  LocalChannel(int capacity, LocalChannelOptions options);

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

  absl::Status Match(const Post& mine, bool is_sender);
  absl::Status Complete(const Post& send, const Post& receive, Nanos latency_ns);

  const LocalChannelOptions options_;
  Mutex mutex_;
  std::vector<Post> pending_ ABSL_GUARDED_BY(mutex_);  // a ring of one side's posts that the other has not matched
  size_t first_pending_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t num_pending_ ABSL_GUARDED_BY(mutex_) = 0;
  bool pending_are_sends_ ABSL_GUARDED_BY(mutex_) = false;
  size_t num_matched_ ABSL_GUARDED_BY(mutex_) = 0;  // modulo the size of latencies_ns
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_LOCAL_LOCAL_CHANNEL_H_
