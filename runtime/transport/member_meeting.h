// The members of a tensor-parallel group as threads, which meet for each exchange. This file has the threads' side;
// local/ and cuda/ combine the buffers of members in one process, gloo/ also those of other processes. Used by training
// sessions.
//
//   auto meeting = MakeMemberMeeting(…).value();   // runtime/machine
//   buffers.members = &meeting->group(member);     // for the passes of each member, on a thread of its own
//   meeting->Cancel();                             // a member has failed: the others' calls return
//
// A sum, for two members: each adds one half of the elements of both, in the order of members, and writes both.
//
//   member 0   arrive ─┐        ┌─ add elements [0, n/2) ──┐        ┌─ leave
//   member 1     arrive ┴─ all ─┴─ add elements [n/2, n) ──┴─ all ──┴─ leave
#ifndef BATON_RUNTIME_TRANSPORT_MEMBER_MEETING_H_
#define BATON_RUNTIME_TRANSPORT_MEMBER_MEETING_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "base/mutex.h"
#include "base/units.h"
#include "ops/layers/member_group.h"
#include "runtime/transport/member_turns.h"

namespace baton {

// The members of a group that are in this process: consecutive ones, at least one.
struct MembersHere {
  int first = 0;
  int count = 1;
};

// Elements [begin, end) of a buffer.
struct ElementRange {
  int64_t begin = 0;
  int64_t end = 0;
};

// Thread contract: each group(m) by one thread at a time; Cancel by any thread; Reset while no member is in a call.
// Allocates nothing after construction.
class MemberMeeting {
 public:
  virtual ~MemberMeeting();
  MemberMeeting(const MemberMeeting&) = delete;
  MemberMeeting& operator=(const MemberMeeting&) = delete;

  // The side of `member`, which is in this process. Owned by this.
  MemberGroup& group(int member);

  // While turns are taken, a member that waits for others gives its own away. Call before the first meeting. Not owned.
  void SetTurns(MemberTurns* turns) { turns_ = turns; }

  // Calls return Cancelled from now on, those that wait for other members as well.
  virtual void Cancel();
  // Calls meet again, after Cancel. Forgets who had arrived.
  virtual void Reset();

  // all ← `bytes` bytes of each member of the group, one behind the other. own: those of the members that are here.
  // Called by one thread while no member is in a call, in all processes of the group alike. Errors: as of Gather.
  virtual absl::Status GatherBytes(Bytes bytes, const std::byte* own, std::byte* all);

 protected:
  enum class Combine : int8_t { kSum, kMax, kGather, kSumScatter };
  struct Buffer {
    Combine combine = Combine::kSum;
    DataType type = DataType::kFloat32;
    int64_t count = 0;                  // of the values, or of a slice
    const std::byte* source = nullptr;  // the values; for kGather the slice, for kSumScatter the whole
    std::byte* target = nullptr;        // the values; for kGather the whole, for kSumScatter the slice
  };

  // All members are here.
  explicit MemberMeeting(int num_members) : MemberMeeting(num_members, {0, num_members}) {}
  MemberMeeting(int num_members, MembersHere here);

  int num_members() const { return num_members_; }
  const MembersHere& here() const { return here_; }
  // Below, the members that are here have numbers from 0. [member]. Valid in CombineShare: all have the same kind, type
  // and count.
  const std::vector<Buffer>& buffers() const { return buffers_; }
  // The elements of a kSum or kMax that `member` combines. Ranges of all members are disjoint and begin at multiples of
  // 16 elements, so that no two members write one cache line.
  ElementRange ShareOf(int member) const;

 private:
  class Side;

  // The steps of a call, each on the member's thread. Arrive: before the member waits for the others. CombineShare: all
  // have arrived; `member` writes its share of the results. Leave: all have combined. Errors of one member do not reach
  // the others; whoever makes the run fail must Cancel.
  virtual absl::Status Arrive(int member, KernelStream stream) { return absl::OkStatus(); }
  // Errors: InvalidArgument for a type that it does not combine.
  virtual absl::Status CombineShare(int member, KernelStream stream) = 0;
  virtual absl::Status Leave(int member, KernelStream stream) { return absl::OkStatus(); }

  absl::Status Meet(int member, KernelStream stream, const Buffer& buffer);
  // Waits until all members have come to the same point.
  absl::Status WaitForAll();
  // The same behind meeting number `meeting`, for a member that is not the last one to come.
  absl::Status WaitForLast(uint64_t meeting);
  // Errors: Internal if the members' buffers differ.
  absl::Status CheckBuffers() const;

  const int num_members_;
  const MembersHere here_;
  std::vector<std::unique_ptr<Side>> sides_;
  MemberTurns* turns_ = nullptr;
  // [member]. Each member writes its own before the first wait of a call, and all read them before the second.
  std::vector<Buffer> buffers_;

  Mutex mutex_;
  CondVar all_here_;
  int num_waiting_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t num_meetings_ ABSL_GUARDED_BY(mutex_) = 0;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_MEMBER_MEETING_H_
