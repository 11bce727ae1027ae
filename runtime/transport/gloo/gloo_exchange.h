// The part of a sum, or of an exchange of shards, in which members of several processes meet. Used by GlooCollective.
//
// Every element is added from the first member to the last (or as the tree that ReduceBuffer::combine names), by the
// loop of LocalCollective, so that the bits do not depend on where members are. Blocks go in one of three ways:
//
//   directly       two processes, small sums, and shards: each process sends its members to all others, and all add
//   through parts  each process adds an equal part of the block and sends its sum to all others, so that n processes
//                  send and receive 2 (n − 1) / n blocks each, as a ring would
//   through one    many processes, which would need many connections: the first one adds all
//
//   rank 0   ── members' part 1 ──▶ ◀── members' part 0 ── add part 0 ── sum 0 ──▶ ◀── sum 1
//   rank 1   ── members' part 0 ──▶ ◀── members' part 1 ── add part 1 ── sum 1 ──▶ ◀── sum 0
//
// The members of the next block travel while the sum of this one does.
#ifndef BATON_RUNTIME_TRANSPORT_GLOO_GLOO_EXCHANGE_H_
#define BATON_RUNTIME_TRANSPORT_GLOO_GLOO_EXCHANGE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "base/shards.h"
#include "base/units.h"
#include "runtime/device/host/host_event.h"
#include "runtime/transport/collective.h"
#include "runtime/transport/gloo/gloo_pair.h"

namespace baton {

// Another process that has members.
struct GlooPeer {
  GlooPair* pair = nullptr;
  int part = 0;              // of a block; processes are numbered from 0, the same in all of them
  std::vector<int> members;  // that are there, ascending
  uint64_t lane_out = 0;
  uint64_t lane_in = 0;
};

struct GlooExchangeOptions {
  std::vector<int> own_members;  // ascending, at least one
  int own_part = 0;
  int num_parts = 1;                     // processes
  bool through_one = false;              // the process of part 0 adds all
  std::vector<GlooPeer> peers;           // all other processes; through one, in those: that one
  Bytes part_bytes = Bytes{1} << 20;     // the largest part of a block; a multiple of 64, the same in all processes
  Bytes direct_bytes = Bytes{64} << 10;  // larger sums of more than two processes go through parts; likewise
};

// Thread contract: Run from one thread; Withdraw while it does not run; status from any thread. Borrows pairs and
// doorbell. Allocates when a sum is larger than any before.
class GlooExchange {
 public:
  // A cancelled `doorbell` ends Run.
  GlooExchange(GlooExchangeOptions options, Doorbell* doorbell);
  ~GlooExchange();
  GlooExchange(const GlooExchange&) = delete;
  GlooExchange& operator=(const GlooExchange&) = delete;

  // Combines all members. members: [member], which have passed CheckMembers; those of other processes have size and
  // type alone. Sets `*begun_at` to when the last process had arrived, 0 if that is not known. Errors: those of a
  // connection; Cancelled.
  absl::Status Run(const std::vector<ReduceBuffer>& members, Nanos* begun_at);
  // Forgets what is on its way, which closes connections.
  void Withdraw();
  // The first error of a connection.
  absl::Status status() const;

 private:
  struct Ends {
    std::unique_ptr<GlooEnd> out, in;
  };
  // Events of what is posted; the first num_… of them are in use.
  struct Transfers {
    std::vector<std::unique_ptr<HostEvent>> received, started, sent;
    size_t num_received = 0, num_sent = 0;
  };
  // Blocks alternate between two of these.
  struct Half {
    Transfers members, sums;
    std::vector<std::byte> staging;  // the parts of members that are elsewhere
  };
  struct Block {
    Bytes offset = 0;
    Bytes bytes = 0;
  };

  enum class Way { kDirectly, kThroughParts, kThroughOne };

  Way ChooseWay() const;
  Block BlockAt(Bytes offset) const;
  // Whether process `part` adds anything.
  bool Adds(int part) const { return way_ != Way::kThroughOne || part == 0; }
  // The part of a block that process `part` adds, counted from the block's beginning; it is one that adds.
  Shard PartOf(const Block& block, int part) const;
  // The bytes of a block that a member sends to process `part`, counted likewise.
  Shard ContributionOf(int member, const Block& block, int part) const;
  uint64_t Tag() const;

  absl::Status PostMembers(const Block& block, Half& half);
  absl::Status Add(const Block& block, Half& half);
  absl::Status PostSums(const Block& block, Half& half);
  absl::Status FinishSums(const Block& block, Half& half);
  // Takes the latest start of what was received in the first block.
  void NoteStarts(const Block& block, const Transfers& transfers, size_t num_received);
  absl::Status Send(size_t peer, const std::byte* data, Bytes bytes, Transfers& transfers);
  absl::Status Receive(size_t peer, std::byte* data, Bytes bytes, Transfers& transfers);
  absl::Status AwaitAll(Transfers& transfers);
  absl::Status Await(const HostEvent& event);

  const GlooExchangeOptions options_;
  Doorbell* const doorbell_;
  size_t num_remote_members_ = 0;
  std::vector<Ends> ends_;  // [peer]
  std::array<Half, 2> halves_;

  // Of the sum that runs.
  std::vector<ReduceBuffer> members_;  // [member]
  std::vector<ReduceBuffer> part_;     // [member] the part that this process adds
  Way way_ = Way::kDirectly;
  Nanos begun_at_ = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_GLOO_GLOO_EXCHANGE_H_
