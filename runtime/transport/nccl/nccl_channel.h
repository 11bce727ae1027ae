// One end of a channel to a device of another process, by NCCL's send and receive. How processes find each other, and
// so what makes these, is not in this version.
//
// A transfer blocks its lane's stream on the GPU until both sides have reached it: the validator's default model, in
// order for each pair and direction, blocking until matched.
#ifndef BATON_RUNTIME_TRANSPORT_NCCL_NCCL_CHANNEL_H_
#define BATON_RUNTIME_TRANSPORT_NCCL_NCCL_CHANNEL_H_

#include <memory>
#include <utility>

#include "runtime/transport/channel.h"
#include "runtime/transport/nccl/nccl_communicator.h"

namespace baton {

// Either Send or Receive is called, never both, but for a communicator of one rank. Events must be CudaEvents, streams
// CudaStreams. `started` is when this side was ready; NCCL does not tell when the other one was.
// Thread contract: the device's worker.
class NcclChannel final : public Channel {
 public:
  // `peer`: the other side's rank.
  NcclChannel(std::unique_ptr<NcclCommunicator> communicator, int peer)
      : communicator_(std::move(communicator)), peer_(peer) {}

  absl::Status Send(Stream& stream, const std::byte* data, Bytes bytes, Event& done, Event* started) override;
  absl::Status Receive(Stream& stream, std::byte* data, Bytes bytes, Event& done, Event* started) override;
  // Aborts the communicator, since what was enqueued may never be matched: later calls are FailedPrecondition.
  void Reset() override { communicator_->Abort(); }

 private:
  const std::unique_ptr<NcclCommunicator> communicator_;
  const int peer_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_NCCL_NCCL_CHANNEL_H_
