// When events of a GPU were done, by the host's clock. Used by CudaDevice and CudaEvent.
#ifndef BATON_RUNTIME_DEVICE_CUDA_CUDA_CLOCK_H_
#define BATON_RUNTIME_DEVICE_CUDA_CUDA_CLOCK_H_

#include <cuda_runtime_api.h>

#include "absl/status/status.h"
#include "base/units.h"

namespace baton {

// CUDA tells only how long it is from one event to another. So one event, the anchor, is recorded while the host looks
// at its own clock before and after; all others are reckoned from it. The two clocks run apart by some µs a second:
// Set is called before each step that is traced.
// Thread contract: Create and Set while nothing asks for times. The GPU must be the calling thread's current one.
class CudaClock {
 public:
  CudaClock() = default;
  ~CudaClock();
  CudaClock(const CudaClock&) = delete;
  CudaClock& operator=(const CudaClock&) = delete;

  absl::Status Create();
  absl::Status Set();
  // On std::chrono::steady_clock; 0 for an event that is not done or has no time.
  Nanos TimeOf(cudaEvent_t event) const;

 private:
  cudaStream_t stream_ = nullptr;
  // Of so many tries the one with the smallest doubt counts.
  static constexpr int kTries = 3;
  cudaEvent_t anchors_[kTries] = {};
  int best_ = 0;
  Nanos anchored_at_ = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_DEVICE_CUDA_CUDA_CLOCK_H_
