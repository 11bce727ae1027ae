// The part of a sum, or of an exchange of shards, in which members of several processes meet. Used by GlooCollective.
//
// Every element is added from the first member to the last (or as the tree that ReduceBuffer::combine names), by the
// loop of LocalCollective, so that the bits do not depend on where members are. SumParts says which process adds what.
// The members of the next block travel while the sum of this one does.
#ifndef BATON_RUNTIME_TRANSPORT_GLOO_GLOO_EXCHANGE_H_
#define BATON_RUNTIME_TRANSPORT_GLOO_GLOO_EXCHANGE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "base/units.h"
#include "runtime/device/host/host_event.h"
#include "runtime/transport/collective.h"
#include "runtime/transport/gloo/gloo_pair.h"
#include "runtime/transport/sum_parts.h"

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
  std::vector<MemberRange> processes;
  bool through_one = false;     // the process of part 0 adds all
  std::vector<GlooPeer> peers;  // all other processes; through one, in those: that one
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

  uint64_t Tag() const;

  absl::Status PostMembers(int64_t block, Half& half);
  absl::Status Add(int64_t block, Half& half);
  absl::Status PostSums(int64_t block, Half& half);
  absl::Status FinishSums(int64_t block, Half& half);
  // Takes the latest start of what was received in the first block.
  void NoteStarts(int64_t block, const Transfers& transfers, size_t num_received);
  absl::Status Send(size_t peer, const std::byte* data, Bytes bytes, Transfers& transfers);
  absl::Status Receive(size_t peer, std::byte* data, Bytes bytes, Transfers& transfers);
  absl::Status AwaitAll(Transfers& transfers);
  absl::Status Await(const HostEvent& event);

  const GlooExchangeOptions options_;
  Doorbell* const doorbell_;
  size_t num_remote_members_ = 0;
  std::vector<Ends> ends_;  // [peer]
  std::array<Half, 2> halves_;

  // They belong to the sum that runs.
  std::vector<ReduceBuffer> members_;  // [member]
  std::vector<ReduceBuffer> part_;     // [member]: the part that this process adds
  SumParts parts_;
  Nanos begun_at_ = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_GLOO_GLOO_EXCHANGE_H_
