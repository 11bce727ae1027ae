// Converts the times of a GPU's events to the host's clock. Used by CudaDevice and CudaEvent.
#ifndef BATON_RUNTIME_DEVICE_CUDA_CUDA_CLOCK_H_
#define BATON_RUNTIME_DEVICE_CUDA_CUDA_CLOCK_H_

#include <cuda_runtime_api.h>

#include "absl/status/status.h"
#include "base/units.h"

namespace baton {

// CUDA gives only the time between two events. Set therefore records one event, the anchor, and reads the host's clock
// before and after; TimeOf adds the time since the anchor. The clocks drift apart by some µs a second, so Set runs
// before each traced step.
//
//   host   before ─────── (middle = anchored_at) ─────── after
//   GPU             anchor ──────────── event              TimeOf(event) = anchored_at + (event − anchor)
//
// Thread contract: Create and Set while no thread calls TimeOf. The GPU must be the calling thread's current one.
class CudaClock {
 public:
  CudaClock() = default;
  ~CudaClock();
  CudaClock(const CudaClock&) = delete;
  CudaClock& operator=(const CudaClock&) = delete;

  absl::Status Create();
  absl::Status Set();
  // ns of std::chrono::steady_clock; 0 for an event that is not done or has no time.
  Nanos TimeOf(cudaEvent_t event) const;

 private:
  cudaStream_t stream_ = nullptr;
  // Number of tries; the one with the smallest uncertainty counts.
  static constexpr int kTries = 3;
  cudaEvent_t anchors_[kTries] = {};
  int best_ = 0;
  Nanos anchored_at_ = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_DEVICE_CUDA_CUDA_CLOCK_H_
