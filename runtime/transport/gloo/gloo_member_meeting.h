// The meeting of a tensor-parallel group whose members are in several processes, with buffers in host memory. The
// members of a process meet as those of LocalMemberMeeting do; the first of them then exchanges with the other
// processes for all. Used by training sessions.
//
//   auto meeting = GlooMemberMeeting::Create(transport, {0, 0, 1, 1}, control.rank()).value();
//   … transport.AwaitConnected …
//
//   rank 0   member 0   arrive ─┐     ┌─ exchange ───────────┐     ┌─ leave
//            member 1    arrive ┴─ all┴─    ┊     (waits) ───┴─ all┴─ leave
//   rank 1   members 2, 3                exchange                             likewise
//
// Values are added from member 0 to the last, by the loop of LocalCollective: the bits do not depend on where members
// are.
#ifndef BATON_RUNTIME_TRANSPORT_GLOO_GLOO_MEMBER_MEETING_H_
#define BATON_RUNTIME_TRANSPORT_GLOO_GLOO_MEMBER_MEETING_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/device/host/host_event.h"
#include "runtime/device/host/host_stream.h"
#include "runtime/transport/collective.h"
#include "runtime/transport/member_meeting.h"
#include "runtime/transport/transport.h"

namespace baton {

// Combines f32 and f64. A broken connection reaches the transport's error sink; whoever sets it must Cancel, or a
// member that waits for the other process waits for ever. Allocates when a buffer is larger than any before. Thread
// contract: MemberMeeting's. Borrows the transport.
class GlooMemberMeeting final : public MemberMeeting {
 public:
  // `transport`: between processes; its device r is the process of rank r. `rank_of_member`: ascending, as many members
  // in each process. All processes of the group make their meetings in the same order. Errors: InvalidArgument if
  // `rank` has no members, or another number of them; those of the transport.
  static absl::StatusOr<std::unique_ptr<GlooMemberMeeting>> Create(Transport& transport,
                                                                   const std::vector<int>& rank_of_member, int rank);

  void Cancel() override;
  void Reset() override;
  absl::Status GatherBytes(Bytes bytes, const std::byte* own, std::byte* all) override;

 private:
  GlooMemberMeeting(int num_members, MembersHere here, int rank)
      : MemberMeeting(num_members, here), rank_(rank), num_processes_(num_members / here.count) {}

  absl::Status CombineShare(int member, KernelStream stream) override;
  absl::Status Leave(int member, KernelStream stream) override { return exchanged_; }

  // The calls of the first member here, for all that are here.
  absl::Status Exchange();
  absl::Status Sum();
  absl::Status SumScatter();
  absl::Status Max();
  absl::Status Gather();
  // Fills `gathered_` from the parts of it that the members here have written; see PlaceOf.
  absl::Status ExchangeGathered();
  // Makes room for `bytes` of each member.
  void MakeRoom(Bytes bytes);
  // The bytes of a member, from 0 of all, in `gathered_`.
  std::byte* PlaceOf(int member);
  absl::Status Arrive(Collective& collective, absl::Span<const ReduceBuffer> buffers);

  const int rank_;
  const int num_processes_;
  absl::Status exchanged_;  // by the first member, between two meetings of all

  // Shards of a collective begin at multiples of 64 bytes, and so do the parts of the processes and members in these.
  std::vector<std::byte> gathered_;
  Bytes process_bytes_ = 0;
  Bytes member_bytes_ = 0;
  std::vector<std::vector<std::byte>> wholes_;  // [member here]
  std::vector<ReduceBuffer> reduced_;

  Doorbell doorbell_;
  HostStream stream_{&doorbell_, /*spin_ns=*/0};
  HostEvent done_{&doorbell_};
  // Last: their threads ring the doorbell.
  std::unique_ptr<Collective> sums_;     // of all members
  std::unique_ptr<Collective> gathers_;  // of all processes, each with a shard
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_GLOO_GLOO_MEMBER_MEETING_H_
