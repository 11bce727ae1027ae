// The event of CUDA devices: posted when it is recorded, done when the GPU got there. Made by CudaDevice; recorded by
// CudaStream and by transport/cuda.
#ifndef BATON_RUNTIME_DEVICE_CUDA_CUDA_EVENT_H_
#define BATON_RUNTIME_DEVICE_CUDA_CUDA_EVENT_H_

#include <cuda_runtime_api.h>

#include <atomic>

#include "absl/status/status.h"
#include "base/units.h"
#include "runtime/device/device.h"

namespace baton {

class CudaDevice;

// A stream that waits for a CUDA event that was not recorded yet would not wait at all. So an event is first posted,
// for which workers block, and CUDA's own wait comes after.
//
// Two events of CUDA are behind it: one with a time, and while a graph is recorded one that orders, since an event
// that a capture recorded has neither a state nor a time. In a graph that is timed the first one is recorded too, as
// a node of its own.
//
// Thread contract: see Event; RecordOn by one thread at a time. Must not outlive its device.
class CudaEvent final : public Event {
 public:
  explicit CudaEvent(CudaDevice* device) : device_(device) {}
  ~CudaEvent() override;
  CudaEvent(const CudaEvent&) = delete;
  CudaEvent& operator=(const CudaEvent&) = delete;

  void Reset() override { posted_at_.store(0, std::memory_order_relaxed); }
  bool Posted() const override { return posted_at_.load(std::memory_order_acquire) != 0; }
  bool Done() const override;
  Nanos DoneAt() const override;

  // `stream` must be of the same GPU. Post wakes who waits for it; RecordOn alone does not.
  absl::Status RecordOn(cudaStream_t stream);
  void Post();
  // What `stream`, of any GPU, is given from now on waits for what was recorded.
  absl::Status MakeWait(cudaStream_t stream) const;

  const std::atomic<Nanos>& posted_at() const { return posted_at_; }

 private:
  CudaDevice* const device_;
  cudaEvent_t timed_ = nullptr;
  cudaEvent_t ordered_ = nullptr;
  std::atomic<Nanos> posted_at_{0};
};

}  // namespace baton

#endif  // BATON_RUNTIME_DEVICE_CUDA_CUDA_EVENT_H_
