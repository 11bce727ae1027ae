// Enqueuing, and waiting on the host.
#include "runtime/device/cuda/cuda_stream.h"

#include <nvtx3/nvToolsExt.h>
#include <sched.h>

#include <chrono>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/cuda_status.h"
#include "base/kernel_observer.h"
#include "base/status.h"
#include "runtime/device/clock.h"
#include "runtime/device/cuda/cuda_device.h"
#include "runtime/device/cuda/cuda_event.h"

namespace baton {
namespace {

// How long a wait for the GPU polls before it sleeps between polls.
constexpr Nanos kSpinNs = 50'000;
constexpr std::chrono::microseconds kNap(20);

}  // namespace

CudaStream::CudaStream(CudaDevice* device, cudaStream_t stream) : device_(device), stream_(stream) {
  device_->AddStream(this);
}

CudaStream::~CudaStream() {
  device_->RemoveStream(this);
  cudaStreamDestroy(stream_);
}

absl::Status CudaStream::Wait(const Event& event) {
  const auto& cuda_event = static_cast<const CudaEvent&>(event);
  if (!event.Posted()) {
    if (device_->recording().active)
      return absl::InternalError("a recorded step waits for an event that is recorded later");
    if (!device_->doorbell().Await(cuda_event.posted_at(), device_->spin_ns())) {
      return absl::CancelledError("the step was cancelled");
    }
  }
  return cuda_event.MakeWait(stream_);
}

absl::Status CudaStream::Record(Event& event) {
  auto& cuda_event = static_cast<CudaEvent&>(event);
  BATON_RETURN_IF_ERROR(cuda_event.RecordOn(stream_));
  cuda_event.Post();
  return absl::OkStatus();
}

absl::Status CudaStream::Zero(std::byte* data, Bytes bytes) {
  const KernelScope scope(stream_, [&] {
    return KernelWork{"copy", absl::StrCat("pass=zero bytes=", bytes), 1.0 * static_cast<double>(bytes), 0};
  });
  BATON_RETURN_IF_CUDA_ERROR(cudaMemsetAsync(data, 0, static_cast<size_t>(bytes), stream_));
  return absl::OkStatus();
}

absl::Status CudaStream::Copy(std::byte* to, const std::byte* from, Bytes bytes) {
  const KernelScope scope(stream_, [&] {
    return KernelWork{"copy", absl::StrCat("pass=device bytes=", bytes), 2.0 * static_cast<double>(bytes), 0};
  });
  BATON_RETURN_IF_CUDA_ERROR(cudaMemcpyAsync(to, from, static_cast<size_t>(bytes), cudaMemcpyDeviceToDevice, stream_));
  return absl::OkStatus();
}

absl::Status CudaStream::CopyFromShared(std::byte* arena, const std::byte* shared, Bytes bytes) {
  const KernelScope scope(stream_, [&] {
    return KernelWork{"copy", absl::StrCat("pass=host bytes=", bytes), 1.0 * static_cast<double>(bytes), 0};
  });
  BATON_RETURN_IF_CUDA_ERROR(
      cudaMemcpyAsync(arena, shared, static_cast<size_t>(bytes), cudaMemcpyHostToDevice, stream_));
  return absl::OkStatus();
}

absl::Status CudaStream::Synchronize() {
  // Polls, since cudaStreamSynchronize cannot be cancelled.
  const Nanos spin_until = SteadyNow() + kSpinNs;
  for (;;) {
    const cudaError_t error = cudaStreamQuery(stream_);
    if (error == cudaSuccess) return absl::OkStatus();
    if (error != cudaErrorNotReady) BATON_RETURN_IF_CUDA_ERROR(error);
    if (device_->cancelled()) return absl::CancelledError("the step was cancelled");
    if (SteadyNow() < spin_until) {
      sched_yield();
    } else {
      std::this_thread::sleep_for(kNap);
    }
  }
}

void CudaStream::PushRange(const char* name) { nvtxRangePushA(name); }

void CudaStream::PopRange() { nvtxRangePop(); }

}  // namespace baton
