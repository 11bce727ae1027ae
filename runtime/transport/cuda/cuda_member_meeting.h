// The meeting of members on GPUs. The members' threads wait for each other until all work is enqueued, not until it is
// done; on the GPUs, events order it. Made by runtime/machine.
//
//   member 0   ready ─┐        ┌─ wait for all ready, add its share, combined ─┐        ┌─ wait for all combined
//   member 1     ready ┴─ all ─┴─ wait for all ready, add its share, combined ─┴─ all ──┴─ wait for all combined
#ifndef BATON_RUNTIME_TRANSPORT_CUDA_CUDA_MEMBER_MEETING_H_
#define BATON_RUNTIME_TRANSPORT_CUDA_CUDA_MEMBER_MEETING_H_

#include <cuda_runtime_api.h>

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/device/cuda/cuda_device.h"
#include "runtime/transport/member_meeting.h"

namespace baton {

// Combines f32, f64 and bf16. Each call enqueues its work on the stream that it is given, one of the member's GPU,
// which must be the calling thread's current one. Thread contract: MemberMeeting's. Does not use the devices after
// Create.
class CudaMemberMeeting final : public MemberMeeting {
 public:
  // `members[m]`: the device of member m; several may be on one GPU. Errors: InvalidArgument for more than
  // kMostMembersOnGpus; Unimplemented if a member's GPU cannot access the memory of another's.
  static absl::StatusOr<std::unique_ptr<CudaMemberMeeting>> Create(const std::vector<const CudaDevice*>& members);
  ~CudaMemberMeeting() override;

 private:
  explicit CudaMemberMeeting(int num_members);
  absl::Status Arrive(int member, KernelStream stream) override;
  absl::Status CombineShare(int member, KernelStream stream) override;
  absl::Status Leave(int member, KernelStream stream) override;
  absl::Status Enqueue(int member, KernelStream stream);

  // [member], each on its GPU. A member records one again only after all members have enqueued their waits for it:
  // between the record of `ready` and the next one lies a barrier behind all waits, and likewise for `combined`.
  std::vector<cudaEvent_t> ready_;
  std::vector<cudaEvent_t> combined_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_CUDA_CUDA_MEMBER_MEETING_H_
