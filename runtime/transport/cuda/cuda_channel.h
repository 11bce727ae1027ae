// A channel between two CUDA devices of one process. The side that posts second enqueues the copy. Made by
// CudaTransport.
//
//   sender's lane       post n: ready ──┐
//   receiver's lane     post n: ready ──┤
//   channel, sending                    └▶ copy ─ done n (sender)
//   channel, receiving                          └▶ done n (receiver)
#ifndef BATON_RUNTIME_TRANSPORT_CUDA_CUDA_CHANNEL_H_
#define BATON_RUNTIME_TRANSPORT_CUDA_CUDA_CHANNEL_H_

#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "runtime/device/cuda/cuda_device.h"
#include "runtime/device/cuda/cuda_event.h"
#include "runtime/device/cuda/cuda_stream.h"
#include "runtime/transport/channel.h"

namespace baton {

// One side of a channel: its device and stream, and its posts that the other side has not matched.
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
  int64_t num_matched = 0;
};

// Events must be CudaEvents, streams CudaStreams. The channel has streams of its own on both GPUs, so that no thread
// puts work on another thread's stream. Calls leave the caller's GPU current. Thread contract, ownership: see Channel;
// borrows the devices.
class CudaChannel final : public Channel {
 public:
  // `capacity` as Transport::CreateChannel. Errors: those of CUDA.
  static absl::StatusOr<std::unique_ptr<CudaChannel>> Create(CudaDevice* from, CudaDevice* to, int capacity);

  // Errors besides Channel's: those of CUDA.
  absl::Status Send(Stream& stream, const std::byte* data, Bytes bytes, Event& done, Event* started) override;
  absl::Status Receive(Stream& stream, std::byte* data, Bytes bytes, Event& done, Event* started) override;
  void Reset() override;

 private:
  CudaChannel() = default;

  // Posts one side's half of a transfer, and enqueues the transfer if that matches the other half.
  absl::Status Match(CudaChannelSide& mine, const CudaChannelSide& other, Stream& stream,
                     const CudaChannelSide::Post& half) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Enqueues the oldest transfer that both sides posted. May change the current GPU.
  absl::Status Transfer() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Mutex mutex_;
  CudaChannelSide sender_ ABSL_GUARDED_BY(mutex_);
  CudaChannelSide receiver_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_CUDA_CUDA_CHANNEL_H_
