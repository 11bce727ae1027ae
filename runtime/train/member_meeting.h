// The members of a tensor-parallel group as threads of one process, which meet for each sum. Used by training sessions.
//
//   MemberMeeting meeting(/*num_members=*/2);
//   buffers.members = &meeting.group(member);      // for the passes of each member, on a thread of its own
//   meeting.Cancel();                              // a member has failed: the others' calls return
//
// A sum, for two members: each adds one half of the elements of both, in the order of members, and writes both.
//
//   member 0   arrive ─┐        ┌─ add elements [0, n/2) ──┐        ┌─ return
//   member 1     arrive ┴─ all ─┴─ add elements [n/2, n) ──┴─ all ──┴─ return
#ifndef BATON_RUNTIME_TRAIN_MEMBER_MEETING_H_
#define BATON_RUNTIME_TRAIN_MEMBER_MEETING_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "base/mutex.h"
#include "ops/layers/member_group.h"

namespace baton {

// Buffers are in host memory. Thread contract: each group(m) by one thread at a time; Cancel by any thread; Reset while
// no member is in a call. Allocates nothing after construction.
class MemberMeeting {
 public:
  explicit MemberMeeting(int num_members);  // at least 1
  MemberMeeting(const MemberMeeting&) = delete;
  MemberMeeting& operator=(const MemberMeeting&) = delete;
  ~MemberMeeting();

  // The side of `member`. Owned by this.
  MemberGroup& group(int member);

  // Calls return Cancelled from now on, those that wait for other members as well.
  void Cancel();
  // Calls meet again, after Cancel. Forgets who had arrived.
  void Reset();

 private:
  class Side;
  enum class Combine : int8_t { kSum, kMax, kGather, kSumScatter };
  struct Buffer {
    Combine combine = Combine::kSum;
    DataType type = DataType::kFloat32;
    int64_t count = 0;                  // of the values, or of a slice
    const std::byte* source = nullptr;  // the values; for kGather the slice, for kSumScatter the whole
    std::byte* target = nullptr;        // the values; for kGather the whole, for kSumScatter the slice
  };

  absl::Status Meet(int member, const Buffer& buffer);
  // Waits until all members have come to the same point.
  absl::Status WaitForAll();
  // Errors: Internal if the members' buffers differ; InvalidArgument if they are neither f32 nor f64.
  absl::Status CheckBuffers() const;
  // Combines the member's share of the elements into all buffers.
  void CombineShare(int member) const;
  // Copies all slices to the member's whole.
  void GatherSlices(int member) const;
  // Sums the member's slice of all wholes.
  void SumSlice(int member) const;

  std::vector<std::unique_ptr<Side>> sides_;
  // [member]. Each member writes its own before the first wait of a call, and all read them before the second.
  std::vector<Buffer> buffers_;

  Mutex mutex_;
  CondVar all_here_;
  int num_waiting_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t num_meetings_ ABSL_GUARDED_BY(mutex_) = 0;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_MEMBER_MEETING_H_
