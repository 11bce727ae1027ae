// Matching the n-th send with the n-th receive, and copying.
#include "runtime/transport/local/local_channel.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/device/clock.h"

namespace baton {

LocalChannel::LocalChannel(int capacity, LocalChannelOptions options)
    : options_(std::move(options)), pending_(static_cast<size_t>(std::max(capacity, 1))) {}

absl::Status LocalChannel::Send(Stream& stream, const std::byte* data, Bytes bytes, Event& done, Event* started) {
  return Match({data, nullptr, bytes, static_cast<HostEvent*>(&done), static_cast<HostEvent*>(started), SteadyNow()},
               /*is_sender=*/true);
}

absl::Status LocalChannel::Receive(Stream& stream, std::byte* data, Bytes bytes, Event& done, Event* started) {
  return Match({nullptr, data, bytes, static_cast<HostEvent*>(&done), static_cast<HostEvent*>(started), SteadyNow()},
               /*is_sender=*/false);
}

absl::Status LocalChannel::Match(const Post& mine, bool is_sender) {
  Post peer;
  Nanos latency_ns = options_.latency_ns;
  {
    MutexLock lock(&mutex_);
    if (num_pending_ == 0 || pending_are_sends_ == is_sender) {
      if (num_pending_ == pending_.size()) {
        return absl::InternalError(absl::StrCat("a channel of capacity ", pending_.size(), " got one more transfer"));
      }
      pending_[(first_pending_ + num_pending_) % pending_.size()] = mine;
      ++num_pending_;
      pending_are_sends_ = is_sender;
      return absl::OkStatus();
    }
    peer = pending_[first_pending_];
    first_pending_ = (first_pending_ + 1) % pending_.size();
    --num_pending_;
    if (!options_.latencies_ns.empty()) {
      latency_ns = options_.latencies_ns[num_matched_];
      num_matched_ = (num_matched_ + 1) % options_.latencies_ns.size();
    }
  }
  // Copies outside the lock, so that the other side can post its next transfer meanwhile.
  return is_sender ? Complete(mine, peer, latency_ns) : Complete(peer, mine, latency_ns);
}

absl::Status LocalChannel::Complete(const Post& send, const Post& receive, Nanos latency_ns) {
  if (send.bytes != receive.bytes) {
    return absl::InternalError(
        absl::StrCat("a send of ", send.bytes, " bytes matches a receive of ", receive.bytes, " bytes"));
  }
  const Nanos start = std::max(send.posted_at, receive.posted_at);
  if (options_.copies && send.bytes > 0) {
    std::memcpy(receive.destination, send.source, static_cast<size_t>(send.bytes));
  }
  for (const Post* side : {&send, &receive}) {
    if (side->started != nullptr) side->started->CompleteAt(start);
  }
  Nanos sent = start;
  if (options_.bytes_per_ns > 0) {
    sent = options_.link->Reserve(start, std::llround(static_cast<double>(send.bytes) / options_.bytes_per_ns));
  }
  const Nanos end = std::max(sent + latency_ns, SteadyNow());
  receive.done->CompleteAt(end);
  send.done->CompleteAt(end);
  return absl::OkStatus();
}

void LocalChannel::Reset() {
  MutexLock lock(&mutex_);
  first_pending_ = 0;
  num_pending_ = 0;
  num_matched_ = 0;
}

}  // namespace baton
