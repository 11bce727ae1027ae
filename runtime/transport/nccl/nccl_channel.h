// One end of a channel to a device of another process, by NCCL's send and receive. Made by NcclTransport.
//
// A transfer blocks its lane's stream on the GPU until both sides have reached it. This is the validator's default
// model: in order for each pair and direction, blocking until matched.
#ifndef BATON_RUNTIME_TRANSPORT_NCCL_NCCL_CHANNEL_H_
#define BATON_RUNTIME_TRANSPORT_NCCL_NCCL_CHANNEL_H_

#include <memory>
#include <utility>

#include "runtime/transport/channel.h"
#include "runtime/transport/nccl/nccl_connection.h"

namespace baton {

// An end only sends or only receives, except with a communicator of one rank. Events must be CudaEvents, streams
// CudaStreams. `started` is completed when this side is ready, since NCCL does not report when the other side is.
// Thread contract: the device's worker.
class NcclChannel final : public Channel {
 public:
  // `peer`: the rank of the other side. The connection must be made before the first transfer.
  NcclChannel(std::shared_ptr<NcclConnection> connection, int peer) : connection_(std::move(connection)), peer_(peer) {}
  ~NcclChannel() override { connection_->Abort(); }

  absl::Status Send(Stream& stream, const std::byte* data, Bytes bytes, Event& done, Event* started) override;
  absl::Status Receive(Stream& stream, std::byte* data, Bytes bytes, Event& done, Event* started) override;
  // Aborts the communicator, since enqueued transfers may never be matched. Later calls return FailedPrecondition.
  void Reset() override { connection_->Abort(); }

 private:
  const std::shared_ptr<NcclConnection> connection_;
  const int peer_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_NCCL_NCCL_CHANNEL_H_
