// The event of CUDA devices: posted when it is recorded, done when the GPU reaches it. Made by CudaDevice; recorded by
// CudaStream and by transport/cuda and transport/nccl.
#ifndef BATON_RUNTIME_DEVICE_CUDA_CUDA_EVENT_H_
#define BATON_RUNTIME_DEVICE_CUDA_CUDA_EVENT_H_

#include <cuda_runtime_api.h>

#include <atomic>

#include "absl/status/status.h"
#include "base/units.h"
#include "runtime/device/device.h"

namespace baton {

class CudaDevice;

// A CUDA stream that waits for an event not recorded yet does not wait at all. Workers therefore block until the event
// is posted, and then enqueue CUDA's own wait:
//
//   recording worker   RecordOn ── Post ──┐
//   waiting worker     Await(posted) ─────┴─ MakeWait ── …
//
// It consists of two CUDA events: `timed_` has a time; `ordered_` only orders, inside a graph, since an event recorded
// by a capture has neither a state nor a time. A timed graph also records `timed_`, as a node of its own.
//
// Thread contract: see Event; RecordOn by one thread at a time. Must be destroyed before its device.
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

  // Records the event on `stream`, which must be of the same GPU. Does not wake waiters; Post does. The calling
  // thread's current GPU may change.
  absl::Status RecordOn(cudaStream_t stream);
  void Post();
  // Work that `stream` (of any GPU) is given from now on waits for the recorded event.
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
