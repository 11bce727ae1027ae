// A channel between two devices of one process that are on GPUs: whoever posts second enqueues the copy. Made by
// CudaTransport.
//
//   sender's lane       post n: ready ──┐
//   receiver's lane     post n: ready ──┤
//   channel, sending                    └▶ copy ─ done n (sender)
//   channel, receiving                          └▶ done n (receiver)
#ifndef BATON_RUNTIME_TRANSPORT_CUDA_CUDA_CHANNEL_H_
#define BATON_RUNTIME_TRANSPORT_CUDA_CUDA_CHANNEL_H_

#include <memory>
#include <mutex>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/device/cuda/cuda_device.h"
#include "runtime/device/cuda/cuda_event.h"
#include "runtime/device/cuda/cuda_stream.h"
#include "runtime/transport/channel.h"

namespace baton {

// One side of a channel: where its share of the work goes, and what it posted and the other side has not met yet.
struct CudaChannelSide {
  struct Post {
    std::byte* data = nullptr;
    Bytes bytes = 0;
    CudaEvent* ready = nullptr;
    CudaEvent* done = nullptr;
    CudaEvent* started = nullptr;
  };

  CudaDevice* device = nullptr;
  std::unique_ptr<Stream> stream;
  std::vector<Post> posts;  // a ring
  std::vector<std::unique_ptr<Event>> ready;
  int64_t num_posted = 0;
  int64_t num_met = 0;
};

// Events must be CudaEvents, streams CudaStreams. The channel has a stream of its own on either GPU, so that no thread
// puts work on another one's. Thread contract: Send from one thread, Receive from one thread; Reset while neither is in
// progress. Buffers and events are borrowed until done.
class CudaChannel final : public Channel {
 public:
  // At most `capacity` transfers may be posted by one side and not met; at least 1. Errors: those of CUDA.
  static absl::StatusOr<std::unique_ptr<CudaChannel>> Create(CudaDevice* from, CudaDevice* to, int capacity);

  // Errors besides Channel's: Internal if more than `capacity` are posted, or for what CUDA says.
  absl::Status Send(Stream& stream, const std::byte* data, Bytes bytes, Event& done, Event* started) override;
  absl::Status Receive(Stream& stream, std::byte* data, Bytes bytes, Event& done, Event* started) override;
  void Reset() override;

 private:
  CudaChannel() = default;

  absl::Status Meet(CudaChannelSide& mine, Stream& stream, std::byte* data, Bytes bytes, Event& done, Event* started);
  // Enqueues the oldest transfer that both sides posted.
  absl::Status Transfer();

  std::mutex mutex_;
  // Guarded by mutex_.
  CudaChannelSide sender_;
  CudaChannelSide receiver_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_CUDA_CUDA_CHANNEL_H_
