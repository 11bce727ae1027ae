// The meeting of members whose buffers are in host memory. Made by runtime/machine.
#ifndef BATON_RUNTIME_TRANSPORT_LOCAL_LOCAL_MEMBER_MEETING_H_
#define BATON_RUNTIME_TRANSPORT_LOCAL_LOCAL_MEMBER_MEETING_H_

#include "runtime/transport/member_meeting.h"

namespace baton {

// Combines f32 and f64, on the members' threads; gathers any type. Thread contract: MemberMeeting's.
class LocalMemberMeeting final : public MemberMeeting {
 public:
  explicit LocalMemberMeeting(int num_members) : MemberMeeting(num_members) {}

 private:
  absl::Status CombineShare(int member, KernelStream stream) override;
  // Combines the member's share of the elements into all buffers.
  void CombineElements(int member) const;
  // Copies all slices to the member's whole.
  void GatherSlices(int member) const;
  // Sums the member's slice of all wholes.
  void SumSlice(int member) const;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_LOCAL_LOCAL_MEMBER_MEETING_H_
