// A sum, or an exchange of shards, whose members are in several processes. Made by GlooTransport, one in each process
// that has a member.
//
// Every sum is added from the first member to the last, by the loop of LocalCollective, so that the bits do not depend
// on where members are. Two processes send each other their members, and both add. More than two send theirs to the
// process of the first member, which adds and sends the sum back. Large sums go in blocks: the next block is on its way
// while one is added. Shards take the same ways, but a member sends its own shard alone.
//
//   rank 0   Arrive ── members ──▶ ◀── members of rank 1 ── add ── done
//   rank 1   Arrive ── members ──▶ ◀── members of rank 0 ── add ── done
#ifndef BATON_RUNTIME_TRANSPORT_GLOO_GLOO_COLLECTIVE_H_
#define BATON_RUNTIME_TRANSPORT_GLOO_GLOO_COLLECTIVE_H_

#include <array>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "base/mutex.h"
#include "base/shards.h"
#include "runtime/device/host/host_event.h"
#include "runtime/transport/collective.h"
#include "runtime/transport/gloo/gloo_pair.h"

namespace baton {

// Another process of the sum that this one exchanges with.
struct GlooPeer {
  GlooPair* pair = nullptr;
  std::vector<int> members;  // that are there, ascending
  uint64_t lane_out = 0;
  uint64_t lane_in = 0;
};

struct GlooCollectiveOptions {
  std::vector<int32_t> device_of_member;
  std::vector<bool> member_is_here;
  // The processes to exchange with: all others, or if `adds` is false the one that adds.
  std::vector<GlooPeer> peers;
  bool adds = false;                   // this process computes the sum
  bool sends_members = false;          // to its peers; else it sends them the sum
  Bytes block_bytes = Bytes{1} << 20;  // a multiple of 8, the same in all processes
};

// Events must be HostEvents. Errors that happen after the last arrival go to the transport's error sink. A reset while
// a sum is on its way closes connections. Allocates when a sum is larger than any before.
// Thread contract, ownership: see Collective. Borrows the pairs; owns a thread, which exchanges and adds.
class GlooCollective final : public Collective {
 public:
  explicit GlooCollective(GlooCollectiveOptions options);
  ~GlooCollective() override;

  // Errors besides Collective's: a connection's error.
  absl::Status Arrive(Stream& stream, int device, absl::Span<const ReduceBuffer> buffers, Event& done,
                      Event* started) override;
  void Reset() override;

 private:
  struct Participant {  // a device of this process
    int device = 0;
    bool arrived = false;
    HostEvent* done = nullptr;
    HostEvent* started = nullptr;
  };
  struct Ends {
    std::unique_ptr<GlooEnd> out, in;
  };
  // Blocks alternate between two of these.
  struct Half {
    std::vector<std::unique_ptr<HostEvent>> received, started, sent;
    size_t num_received = 0, num_sent = 0;  // posted and not waited for
    std::vector<std::byte> staging;         // the block of each member that is elsewhere
  };

  void Main();
  absl::Status PairError() const;
  // Called on the thread, while a sum is on its way.
  absl::Status Exchange(Nanos* begun_at);
  absl::Status PostBlock(Bytes offset, Half& half);
  absl::Status FinishBlock(Bytes offset, Half& half);
  absl::Status SendSum(Bytes offset, Half& half);
  absl::Status Send(size_t peer, const std::byte* data, Bytes bytes, Half& half);
  absl::Status Receive(size_t peer, std::byte* data, Bytes bytes, Half& half);
  absl::Status Await(const HostEvent& event);
  absl::Status AwaitSent(Half& half);
  Bytes BlockAt(Bytes offset) const;
  // The part of the block at `offset` that a member contributes, counted from the block's beginning.
  Shard ContributionOf(int member, Bytes offset) const;
  uint64_t Tag() const;

  const GlooCollectiveOptions options_;
  std::vector<int> own_members_;
  size_t num_remote_members_ = 0;
  std::vector<Ends> ends_;  // [peer]
  Doorbell doorbell_;       // of the thread
  std::array<Half, 2> halves_;
  std::vector<ReduceBuffer> block_;  // [member]

  Mutex mutex_;
  CondVar changes_;
  std::vector<ReduceBuffer> members_;  // [member]; the thread's while it exchanges, else guarded by mutex_
  std::vector<Participant> participants_ ABSL_GUARDED_BY(mutex_);
  size_t num_arrived_ ABSL_GUARDED_BY(mutex_) = 0;
  Nanos last_arrival_ ABSL_GUARDED_BY(mutex_) = 0;
  bool exchanges_ ABSL_GUARDED_BY(mutex_) = false;
  bool stops_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_GLOO_GLOO_COLLECTIVE_H_
