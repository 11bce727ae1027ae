// A transfer between its two events, on the lane's own stream.
#include "runtime/transport/nccl/nccl_channel.h"

#include "base/status.h"
#include "runtime/device/cuda/cuda_event.h"
#include "runtime/device/cuda/cuda_stream.h"

namespace baton {
namespace {

absl::Status RecordAndPost(Event* event, cudaStream_t stream) {
  if (event == nullptr) return absl::OkStatus();
  auto& cuda_event = static_cast<CudaEvent&>(*event);
  BATON_RETURN_IF_ERROR(cuda_event.RecordOn(stream));
  cuda_event.Post();
  return absl::OkStatus();
}

}  // namespace

absl::Status NcclChannel::Send(Stream& stream, const std::byte* data, Bytes bytes, Event& done, Event* started) {
  const cudaStream_t lane = static_cast<CudaStream&>(stream).stream();
  BATON_ASSIGN_OR_RETURN(NcclCommunicator * communicator, connection_->communicator());
  BATON_RETURN_IF_ERROR(RecordAndPost(started, lane));
  BATON_RETURN_IF_ERROR(communicator->Send(lane, data, bytes, peer_));
  return RecordAndPost(&done, lane);
}

absl::Status NcclChannel::Receive(Stream& stream, std::byte* data, Bytes bytes, Event& done, Event* started) {
  const cudaStream_t lane = static_cast<CudaStream&>(stream).stream();
  BATON_ASSIGN_OR_RETURN(NcclCommunicator * communicator, connection_->communicator());
  BATON_RETURN_IF_ERROR(RecordAndPost(started, lane));
  BATON_RETURN_IF_ERROR(communicator->Receive(lane, data, bytes, peer_));
  return RecordAndPost(&done, lane);
}

}  // namespace baton
