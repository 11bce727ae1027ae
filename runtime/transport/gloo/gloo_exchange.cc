// Blocks, parts, and the transfers of both.
#include "runtime/transport/gloo/gloo_exchange.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/device/clock.h"
#include "runtime/transport/local/sum_members.h"

namespace baton {
namespace {

// The largest part of a block. A multiple of 64, the same in all processes.
constexpr Bytes kPartBytes = Bytes{1} << 20;

}  // namespace

GlooExchange::GlooExchange(GlooExchangeOptions options, Doorbell* doorbell)
    : options_(std::move(options)), doorbell_(doorbell) {
  const auto add_events = [&](size_t count, std::vector<std::unique_ptr<HostEvent>>& events) {
    for (size_t i = 0; i < count; ++i) events.push_back(std::make_unique<HostEvent>(doorbell_));
  };
  const size_t num_own = options_.own_members.size();
  for (const GlooPeer& peer : options_.peers) {
    num_remote_members_ += peer.members.size();
    // Each half posts the members of a block, and its sum.
    Ends ends;
    ends.out = peer.pair->AddEnd(peer.lane_out, /*sends=*/true, static_cast<int>(2 * (num_own + 1)), doorbell_);
    ends.in =
        peer.pair->AddEnd(peer.lane_in, /*sends=*/false, static_cast<int>(2 * (peer.members.size() + 1)), doorbell_);
    ends_.push_back(std::move(ends));
    for (Half& half : halves_) {
      add_events(num_own, half.members.sent);
      add_events(peer.members.size(), half.members.received);
      add_events(peer.members.size(), half.members.started);
      add_events(1, half.sums.sent);
      add_events(1, half.sums.received);
      add_events(1, half.sums.started);
    }
  }
}

GlooExchange::~GlooExchange() {
  for (size_t peer = 0; peer < ends_.size(); ++peer) {
    options_.peers[peer].pair->RemoveEnd(*ends_[peer].out);
    options_.peers[peer].pair->RemoveEnd(*ends_[peer].in);
  }
}

void GlooExchange::Withdraw() {
  for (size_t peer = 0; peer < ends_.size(); ++peer) {
    options_.peers[peer].pair->Withdraw(*ends_[peer].out);
    options_.peers[peer].pair->Withdraw(*ends_[peer].in);
  }
}

absl::Status GlooExchange::status() const {
  for (const GlooPeer& peer : options_.peers) BATON_RETURN_IF_ERROR(peer.pair->status());
  return absl::OkStatus();
}

absl::Status GlooExchange::Run(const std::vector<ReduceBuffer>& members, Nanos* begun_at) {
  members_ = members;
  parts_ = SumParts(members_[options_.own_members[0]], static_cast<int>(members_.size()), options_.processes,
                    options_.through_one);
  const bool has_parts = parts_.way() == SumWay::kThroughParts || parts_.way() == SumWay::kScattered;
  parts_.CutIntoBlocks(has_parts ? kPartBytes * parts_.num_processes() : kPartBytes);
  begun_at_ = 0;
  for (Half& half : halves_) {
    for (Transfers* transfers : {&half.members, &half.sums}) transfers->num_received = transfers->num_sent = 0;
    const auto part = parts_.Adds(options_.own_part) ? static_cast<size_t>(parts_.most_part_bytes()) : 0;
    if (half.staging.size() < num_remote_members_ * part) half.staging.resize(num_remote_members_ * part);
  }
  BATON_RETURN_IF_ERROR(PostMembers(0, halves_[0]));
  for (int64_t block = 0; block < parts_.num_blocks(); ++block) {
    Half& half = halves_[block % 2];
    Half& other = halves_[(block + 1) % 2];
    if (block > 0) BATON_RETURN_IF_ERROR(FinishSums(block - 1, other));
    if (block + 1 < parts_.num_blocks()) BATON_RETURN_IF_ERROR(PostMembers(block + 1, other));
    BATON_RETURN_IF_ERROR(Add(block, half));
    BATON_RETURN_IF_ERROR(PostSums(block, half));
  }
  const int64_t last = parts_.num_blocks() - 1;
  BATON_RETURN_IF_ERROR(FinishSums(last, halves_[last % 2]));
  *begun_at = begun_at_;
  return absl::OkStatus();
}

// Tells sums of other sizes, types and orders apart, also where a block has the same size.
uint64_t GlooExchange::Tag() const {
  const ReduceBuffer& first = members_[options_.own_members[0]];
  return static_cast<uint64_t>(first.bytes) << 5 | static_cast<uint64_t>(first.combine) << 2 |
         (first.is_double ? 2 : 1);
}

absl::Status GlooExchange::PostMembers(int64_t block, Half& half) {
  if (parts_.Adds(options_.own_part)) {
    const SumPart own_part = parts_.PartOf(block, options_.own_part);
    std::byte* place = half.staging.data();
    for (size_t peer = 0; peer < ends_.size(); ++peer) {
      for (const int member : options_.peers[peer].members) {
        // A shard stands where it is in the block.
        const SumPart from = parts_.ContributionOf(member, block, options_.own_part);
        BATON_RETURN_IF_ERROR(Receive(peer, place + (from.begin - own_part.begin), from.bytes, half.members));
        place += own_part.bytes;
      }
    }
  }
  for (size_t peer = 0; peer < ends_.size(); ++peer) {
    if (!parts_.Adds(options_.peers[peer].part)) continue;
    for (const int member : options_.own_members) {
      const SumPart from = parts_.ContributionOf(member, block, options_.peers[peer].part);
      BATON_RETURN_IF_ERROR(Send(peer, members_[member].data + from.begin, from.bytes, half.members));
    }
  }
  return absl::OkStatus();
}

// The sum overwrites what is sent, so all transfers of members must be done.
absl::Status GlooExchange::Add(int64_t block, Half& half) {
  const size_t num_received = half.members.num_received;
  BATON_RETURN_IF_ERROR(AwaitAll(half.members));
  NoteStarts(block, half.members, num_received);
  if (!parts_.Adds(options_.own_part)) return absl::OkStatus();
  const SumPart own_part = parts_.PartOf(block, options_.own_part);
  part_ = members_;
  for (const int member : options_.own_members) part_[member].data += own_part.begin;
  std::byte* place = half.staging.data();
  for (const GlooPeer& peer : options_.peers) {
    for (const int member : peer.members) {
      part_[member].data = place;
      place += own_part.bytes;
    }
  }
  for (ReduceBuffer& member : part_) {
    member.bytes = own_part.bytes;
    member.combine = parts_.CombineOf(member);
  }
  const Bytes total = members_[options_.own_members[0]].bytes;
  if (own_part.bytes > 0) SumMembers(part_, own_part.begin, total);
  return absl::OkStatus();
}

absl::Status GlooExchange::PostSums(int64_t block, Half& half) {
  if (!parts_.sends_sums()) return absl::OkStatus();
  std::byte* const sum = members_[options_.own_members[0]].data;
  for (size_t peer = 0; peer < ends_.size(); ++peer) {
    if (!parts_.Adds(options_.peers[peer].part)) continue;
    const SumPart part = parts_.PartOf(block, options_.peers[peer].part);
    BATON_RETURN_IF_ERROR(Receive(peer, sum + part.begin, part.bytes, half.sums));
  }
  if (!parts_.Adds(options_.own_part)) return absl::OkStatus();
  const SumPart own_part = parts_.PartOf(block, options_.own_part);
  for (size_t peer = 0; peer < ends_.size(); ++peer) {
    BATON_RETURN_IF_ERROR(Send(peer, sum + own_part.begin, own_part.bytes, half.sums));
  }
  return absl::OkStatus();
}

// Gives the sums of other processes to all members that are here.
absl::Status GlooExchange::FinishSums(int64_t block, Half& half) {
  if (!parts_.sends_sums()) return absl::OkStatus();
  const size_t num_received = half.sums.num_received;
  BATON_RETURN_IF_ERROR(AwaitAll(half.sums));
  // A process that receives no members learns from the sum that all have arrived.
  if (!parts_.Adds(options_.own_part)) NoteStarts(block, half.sums, num_received);
  const SumPart whole = parts_.Block(block);
  const std::byte* const sum = members_[options_.own_members[0]].data + whole.begin;
  for (size_t i = 1; i < options_.own_members.size(); ++i) {
    std::copy_n(sum, whole.bytes, members_[options_.own_members[i]].data + whole.begin);
  }
  return absl::OkStatus();
}

void GlooExchange::NoteStarts(int64_t block, const Transfers& transfers, size_t num_received) {
  if (block > 0) return;
  for (size_t i = 0; i < num_received; ++i) begun_at_ = std::max(begun_at_, transfers.started[i]->DoneAt());
}

absl::Status GlooExchange::Send(size_t peer, const std::byte* data, Bytes bytes, Transfers& transfers) {
  HostEvent& sent = *transfers.sent[transfers.num_sent++];
  sent.Reset();
  return options_.peers[peer].pair->Post(*ends_[peer].out,
                                         {const_cast<std::byte*>(data), bytes, Tag(), &sent, nullptr, SteadyNow()});
}

absl::Status GlooExchange::Receive(size_t peer, std::byte* data, Bytes bytes, Transfers& transfers) {
  HostEvent& received = *transfers.received[transfers.num_received];
  HostEvent& started = *transfers.started[transfers.num_received++];
  received.Reset();
  started.Reset();
  return options_.peers[peer].pair->Post(*ends_[peer].in, {data, bytes, Tag(), &received, &started, SteadyNow()});
}

absl::Status GlooExchange::AwaitAll(Transfers& transfers) {
  for (size_t i = 0; i < transfers.num_received; ++i) BATON_RETURN_IF_ERROR(Await(*transfers.received[i]));
  for (size_t i = 0; i < transfers.num_sent; ++i) BATON_RETURN_IF_ERROR(Await(*transfers.sent[i]));
  transfers.num_received = transfers.num_sent = 0;
  return absl::OkStatus();
}

absl::Status GlooExchange::Await(const HostEvent& event) {
  if (doorbell_->Await(event.done_at(), /*spin_ns=*/0)) return absl::OkStatus();
  return absl::CancelledError("the sum was given up");
}

}  // namespace baton
