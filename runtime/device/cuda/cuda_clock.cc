// Setting the anchor, and computing times from it.
#include "runtime/device/cuda/cuda_clock.h"

#include <cmath>
#include <limits>

#include "base/cuda_status.h"
#include "runtime/device/clock.h"

namespace baton {

CudaClock::~CudaClock() {
  for (cudaEvent_t anchor : anchors_) {
    if (anchor != nullptr) cudaEventDestroy(anchor);
  }
  if (stream_ != nullptr) cudaStreamDestroy(stream_);
}

absl::Status CudaClock::Create() {
  BATON_RETURN_IF_CUDA_ERROR(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking));
  for (cudaEvent_t& anchor : anchors_) BATON_RETURN_IF_CUDA_ERROR(cudaEventCreate(&anchor));
  return Set();
}

absl::Status CudaClock::Set() {
  Nanos least_uncertainty = std::numeric_limits<Nanos>::max();
  for (int attempt = 0; attempt < kTries; ++attempt) {
    const Nanos before = SteadyNow();
    BATON_RETURN_IF_CUDA_ERROR(cudaEventRecord(anchors_[attempt], stream_));
    BATON_RETURN_IF_CUDA_ERROR(cudaEventSynchronize(anchors_[attempt]));
    const Nanos uncertainty = SteadyNow() - before;
    if (uncertainty >= least_uncertainty) continue;
    least_uncertainty = uncertainty;
    best_ = attempt;
    anchored_at_ = before + uncertainty / 2;
  }
  return absl::OkStatus();
}

Nanos CudaClock::TimeOf(cudaEvent_t event) const {
  float milliseconds = 0;
  if (event == nullptr || cudaEventElapsedTime(&milliseconds, anchors_[best_], event) != cudaSuccess) return 0;
  return anchored_at_ + static_cast<Nanos>(std::llround(static_cast<double>(milliseconds) * 1e6));
}

}  // namespace baton
