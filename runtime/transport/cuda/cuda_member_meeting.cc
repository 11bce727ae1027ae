// Events around the kernels of combine_shares.
#include "runtime/transport/cuda/cuda_member_meeting.h"

#include "absl/strings/str_cat.h"
#include "base/cuda_status.h"
#include "base/status.h"
#include "runtime/transport/cuda/combine_shares.h"
#include "runtime/transport/cuda/peer_access.h"

namespace baton {
namespace {

cudaStream_t Native(KernelStream stream) { return static_cast<cudaStream_t>(stream.native_handle); }

absl::Status WaitForOthers(const std::vector<cudaEvent_t>& events, int member, KernelStream stream) {
  for (size_t other = 0; other < events.size(); ++other) {
    if (static_cast<int>(other) == member) continue;
    BATON_RETURN_IF_CUDA_ERROR(cudaStreamWaitEvent(Native(stream), events[other], 0));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<CudaMemberMeeting>> CudaMemberMeeting::Create(
    const std::vector<const CudaDevice*>& members) {
  if (members.size() > kMostMembersOnGpus) {
    return absl::InvalidArgumentError(
        absl::StrCat("a group of ", members.size(), " members on GPUs must have at most ", kMostMembersOnGpus));
  }
  std::unique_ptr<CudaMemberMeeting> meeting(new CudaMemberMeeting(static_cast<int>(members.size())));
  for (const CudaDevice* member : members) {
    for (const CudaDevice* other : members) {
      BATON_ASSIGN_OR_RETURN(const bool reaches, EnableAccess(*member, *other));
      if (reaches) continue;
      return absl::UnimplementedError(absl::StrCat("GPU ", member->gpu(), " cannot access the memory of GPU ",
                                                   other->gpu(), ", which parallel.tensor over both needs"));
    }
    BATON_RETURN_IF_ERROR(member->MakeCurrent());
    for (std::vector<cudaEvent_t>* events : {&meeting->ready_, &meeting->combined_}) {
      cudaEvent_t event = nullptr;
      BATON_RETURN_IF_CUDA_ERROR(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
      events->push_back(event);
    }
  }
  return meeting;
}

CudaMemberMeeting::CudaMemberMeeting(int num_members) : MemberMeeting(num_members) {}

CudaMemberMeeting::~CudaMemberMeeting() {
  for (const std::vector<cudaEvent_t>* events : {&ready_, &combined_}) {
    for (cudaEvent_t event : *events) cudaEventDestroy(event);
  }
}

absl::Status CudaMemberMeeting::Arrive(int member, KernelStream stream) {
  BATON_RETURN_IF_CUDA_ERROR(cudaEventRecord(ready_[member], Native(stream)));
  return absl::OkStatus();
}

absl::Status CudaMemberMeeting::CombineShare(int member, KernelStream stream) {
  const Buffer& own = buffers()[member];
  if (own.type != DataType::kFloat32 && own.type != DataType::kFloat64 && own.type != DataType::kBFloat16) {
    return absl::InvalidArgumentError(
        absl::StrCat("sum over members: ", Shape(own.type, {own.count}).ToString(), " is not f32, f64 or bf16"));
  }
  BATON_RETURN_IF_ERROR(WaitForOthers(ready_, member, stream));
  BATON_RETURN_IF_ERROR(Enqueue(member, stream));
  BATON_RETURN_IF_CUDA_ERROR(cudaEventRecord(combined_[member], Native(stream)));
  return absl::OkStatus();
}

absl::Status CudaMemberMeeting::Leave(int member, KernelStream stream) {
  return WaitForOthers(combined_, member, stream);
}

absl::Status CudaMemberMeeting::Enqueue(int member, KernelStream stream) {
  const Buffer& own = buffers()[member];
  if (own.combine == Combine::kGather) {
    const Bytes bytes = own.count * SizeOf(own.type);
    std::byte* to = own.target;
    for (const Buffer& other : buffers()) {
      BATON_RETURN_IF_CUDA_ERROR(
          cudaMemcpyAsync(to, other.source, static_cast<size_t>(bytes), cudaMemcpyDeviceToDevice, Native(stream)));
      to += bytes;
    }
    return absl::OkStatus();
  }
  MemberBuffers combined = {};
  for (const Buffer& other : buffers()) combined.sources[combined.num_sources++] = other.source;
  if (own.combine == Combine::kSumScatter) {
    combined.targets[combined.num_targets++] = own.target;
    return LaunchCombineShares(stream, own.type, CombineOperation::kSum, combined, member * own.count, 0, own.count);
  }
  for (const Buffer& other : buffers()) combined.targets[combined.num_targets++] = other.target;
  const ElementRange share = ShareOf(member);
  const CombineOperation operation = own.combine == Combine::kMax ? CombineOperation::kMax : CombineOperation::kSum;
  return LaunchCombineShares(stream, own.type, operation, combined, 0, share.begin, share.end);
}

}  // namespace baton
