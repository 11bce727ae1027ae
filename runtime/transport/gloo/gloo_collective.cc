// Counting arrivals of this process, exchanging blocks, and adding.
#include "runtime/transport/gloo/gloo_collective.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/device/clock.h"
#include "runtime/transport/local/sum_members.h"

namespace baton {

GlooCollective::GlooCollective(GlooCollectiveOptions options)
    : options_(std::move(options)), members_(options_.device_of_member.size()) {
  for (size_t member = 0; member < options_.device_of_member.size(); ++member) {
    if (!options_.member_is_here[member]) continue;
    own_members_.push_back(static_cast<int>(member));
    const int device = options_.device_of_member[member];
    if (std::none_of(participants_.begin(), participants_.end(),
                     [&](const Participant& participant) { return participant.device == device; })) {
      participants_.push_back({device});
    }
  }
  for (const GlooPeer& peer : options_.peers) {
    const size_t num_out = options_.sends_members ? own_members_.size() : 1;
    const size_t num_in = options_.adds ? peer.members.size() : 1;
    num_remote_members_ += options_.adds ? peer.members.size() : 0;
    Ends ends;
    ends.out = peer.pair->AddEnd(peer.lane_out, /*sends=*/true, static_cast<int>(2 * num_out), &doorbell_);
    ends.in = peer.pair->AddEnd(peer.lane_in, /*sends=*/false, static_cast<int>(2 * num_in), &doorbell_);
    ends_.push_back(std::move(ends));
    for (Half& half : halves_) {
      for (size_t i = 0; i < num_in; ++i) {
        half.received.push_back(std::make_unique<HostEvent>(&doorbell_));
        half.started.push_back(std::make_unique<HostEvent>(&doorbell_));
      }
      for (size_t i = 0; i < num_out; ++i) half.sent.push_back(std::make_unique<HostEvent>(&doorbell_));
    }
  }
  thread_ = std::thread([this] { Main(); });
}

GlooCollective::~GlooCollective() {
  {
    MutexLock lock(&mutex_);
    stops_ = true;
    changes_.SignalAll();
  }
  doorbell_.Cancel();
  thread_.join();
  for (size_t peer = 0; peer < ends_.size(); ++peer) {
    options_.peers[peer].pair->RemoveEnd(*ends_[peer].out);
    options_.peers[peer].pair->RemoveEnd(*ends_[peer].in);
  }
}

absl::Status GlooCollective::Arrive(Stream& stream, int device, absl::Span<const ReduceBuffer> buffers, Event& done,
                                    Event* started) {
  const Nanos arrived_at = SteadyNow();
  BATON_RETURN_IF_ERROR(PairError());
  MutexLock lock(&mutex_);
  const auto participant = std::find_if(participants_.begin(), participants_.end(),
                                        [&](const Participant& candidate) { return candidate.device == device; });
  const auto expected = participant == participants_.end()
                            ? 0
                            : std::count(options_.device_of_member.begin(), options_.device_of_member.end(), device);
  if (participant == participants_.end() || expected != static_cast<int64_t>(buffers.size())) {
    return absl::InternalError(absl::StrCat("device ", device, " arrives with ", buffers.size(),
                                            " buffers at a sum in which it has ", expected, " members here"));
  }
  if (participant->arrived) return absl::InternalError(absl::StrCat("device ", device, " arrives at a sum twice"));
  *participant = {device, true, static_cast<HostEvent*>(&done), static_cast<HostEvent*>(started)};
  size_t next = 0;
  for (size_t member = 0; member < members_.size(); ++member) {
    if (options_.device_of_member[member] == device) members_[member] = buffers[next++];
  }
  last_arrival_ = std::max(last_arrival_, arrived_at);
  if (++num_arrived_ < participants_.size()) return absl::OkStatus();

  for (size_t member = 0; member < members_.size(); ++member) {
    if (!options_.member_is_here[member]) members_[member] = members_[own_members_[0]];  // only its size and type
  }
  BATON_RETURN_IF_ERROR(CheckMembers(members_));
  exchanges_ = true;
  changes_.SignalAll();
  return absl::OkStatus();
}

void GlooCollective::Main() {
  pthread_setname_np(pthread_self(), "baton-sum");
  for (;;) {
    {
      MutexLock lock(&mutex_);
      while (!exchanges_ && !stops_) changes_.Wait(&mutex_);
      if (stops_) return;
    }
    Nanos begun_at = 0;
    const absl::Status status = Exchange(&begun_at);
    MutexLock lock(&mutex_);
    exchanges_ = false;
    if (status.ok()) {
      begun_at = std::max(begun_at, last_arrival_);
      const Nanos end = SteadyNow();
      num_arrived_ = 0;
      last_arrival_ = 0;
      for (Participant& each : participants_) {
        each.arrived = false;
        if (each.started != nullptr) each.started->CompleteAt(begun_at);
        each.done->CompleteAt(end);
      }
    }
    changes_.SignalAll();
  }
}

void GlooCollective::Reset() {
  doorbell_.Cancel();
  {
    MutexLock lock(&mutex_);
    while (exchanges_) changes_.Wait(&mutex_);
    num_arrived_ = 0;
    last_arrival_ = 0;
    for (Participant& participant : participants_) participant.arrived = false;
  }
  for (size_t peer = 0; peer < ends_.size(); ++peer) {
    options_.peers[peer].pair->Withdraw(*ends_[peer].out);
    options_.peers[peer].pair->Withdraw(*ends_[peer].in);
  }
  if (PairError().ok()) doorbell_.Resume();
}

absl::Status GlooCollective::PairError() const {
  for (const GlooPeer& peer : options_.peers) BATON_RETURN_IF_ERROR(peer.pair->status());
  return absl::OkStatus();
}

Bytes GlooCollective::BlockAt(Bytes offset) const {
  return std::min(options_.block_bytes, members_[own_members_[0]].bytes - offset);
}

Shard GlooCollective::ContributionOf(int member, Bytes offset) const {
  const ReduceBuffer& buffer = members_[own_members_[0]];
  if (buffer.combine != Combine::kShards) return {0, BlockAt(offset)};
  const Shard shard = ShardOf(buffer.bytes, member, static_cast<int>(members_.size()));
  return PartInBlock(shard, offset, BlockAt(offset));
}

// Tells sums of other sizes, types and orders apart, also where a block has the same size.
uint64_t GlooCollective::Tag() const {
  const ReduceBuffer& first = members_[own_members_[0]];
  return static_cast<uint64_t>(first.bytes) << 4 | static_cast<uint64_t>(first.combine) << 2 |
         (first.is_double ? 2 : 1);
}

absl::Status GlooCollective::Exchange(Nanos* begun_at) {
  const Bytes bytes = members_[own_members_[0]].bytes;
  const Bytes step = options_.block_bytes;
  for (Half& half : halves_) {
    half.num_received = half.num_sent = 0;
    const auto staging = num_remote_members_ * static_cast<size_t>(std::min(step, bytes));
    if (half.staging.size() < staging) half.staging.resize(staging);
  }
  // An empty sum has one empty block, so that members wait for each other all the same.
  BATON_RETURN_IF_ERROR(PostBlock(0, halves_[0]));
  for (Bytes offset = 0, n = 0; offset == 0 || offset < bytes; offset += step, ++n) {
    if (offset + step < bytes) BATON_RETURN_IF_ERROR(PostBlock(offset + step, halves_[(n + 1) % 2]));
    BATON_RETURN_IF_ERROR(FinishBlock(offset, halves_[n % 2]));
    for (size_t i = 0; offset == 0 && i < halves_[0].started.size(); ++i) {
      *begun_at = std::max(*begun_at, halves_[0].started[i]->DoneAt());
    }
  }
  for (Half& half : halves_) BATON_RETURN_IF_ERROR(AwaitSent(half));
  return absl::OkStatus();
}

absl::Status GlooCollective::PostBlock(Bytes offset, Half& half) {
  const Bytes bytes = BlockAt(offset);
  if (options_.sends_members) BATON_RETURN_IF_ERROR(AwaitSent(half));
  half.num_received = 0;
  for (size_t peer = 0; peer < ends_.size(); ++peer) {
    if (!options_.adds) {
      BATON_RETURN_IF_ERROR(Receive(peer, members_[own_members_[0]].data + offset, bytes, half));
      continue;
    }
    for (const int member : options_.peers[peer].members) {
      std::byte* place = half.staging.data() + half.num_received * static_cast<size_t>(bytes);
      const Shard part = ContributionOf(member, offset);
      BATON_RETURN_IF_ERROR(Receive(peer, place + part.begin, part.bytes(), half));
    }
  }
  for (size_t peer = 0; options_.sends_members && peer < ends_.size(); ++peer) {
    for (const int member : own_members_) {
      const Shard part = ContributionOf(member, offset);
      BATON_RETURN_IF_ERROR(Send(peer, members_[member].data + offset + part.begin, part.bytes(), half));
    }
  }
  return absl::OkStatus();
}

absl::Status GlooCollective::FinishBlock(Bytes offset, Half& half) {
  const Bytes bytes = BlockAt(offset);
  for (size_t i = 0; i < half.num_received; ++i) BATON_RETURN_IF_ERROR(Await(*half.received[i]));
  // The sum overwrites what is sent.
  if (options_.sends_members) BATON_RETURN_IF_ERROR(AwaitSent(half));
  if (!options_.adds) {
    const std::byte* sum = members_[own_members_[0]].data + offset;
    for (size_t i = 1; i < own_members_.size(); ++i) std::copy_n(sum, bytes, members_[own_members_[i]].data + offset);
    return absl::OkStatus();
  }
  block_ = members_;
  for (int member : own_members_) block_[member].data += offset;
  std::byte* place = half.staging.data();
  for (const GlooPeer& peer : options_.peers) {
    for (int member : peer.members) {
      block_[member].data = place;
      place += bytes;
    }
  }
  for (ReduceBuffer& member : block_) member.bytes = bytes;
  if (bytes > 0) SumMembers(block_, offset, members_[own_members_[0]].bytes);
  return options_.sends_members ? absl::OkStatus() : SendSum(offset, half);
}

absl::Status GlooCollective::SendSum(Bytes offset, Half& half) {
  BATON_RETURN_IF_ERROR(AwaitSent(half));
  for (size_t peer = 0; peer < ends_.size(); ++peer) {
    BATON_RETURN_IF_ERROR(Send(peer, members_[own_members_[0]].data + offset, BlockAt(offset), half));
  }
  return absl::OkStatus();
}

absl::Status GlooCollective::Send(size_t peer, const std::byte* data, Bytes bytes, Half& half) {
  HostEvent& sent = *half.sent[half.num_sent++];
  sent.Reset();
  return options_.peers[peer].pair->Post(*ends_[peer].out,
                                         {const_cast<std::byte*>(data), bytes, Tag(), &sent, nullptr, SteadyNow()});
}

absl::Status GlooCollective::Receive(size_t peer, std::byte* data, Bytes bytes, Half& half) {
  HostEvent& received = *half.received[half.num_received];
  HostEvent& started = *half.started[half.num_received++];
  received.Reset();
  started.Reset();
  return options_.peers[peer].pair->Post(*ends_[peer].in, {data, bytes, Tag(), &received, &started, SteadyNow()});
}

absl::Status GlooCollective::Await(const HostEvent& event) {
  if (doorbell_.Await(event.done_at(), /*spin_ns=*/0)) return absl::OkStatus();
  return absl::CancelledError("the sum was given up");
}

absl::Status GlooCollective::AwaitSent(Half& half) {
  for (size_t i = 0; i < half.num_sent; ++i) BATON_RETURN_IF_ERROR(Await(*half.sent[i]));
  half.num_sent = 0;
  return absl::OkStatus();
}

}  // namespace baton
