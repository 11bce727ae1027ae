// A device on a GPU: arenas by cudaMalloc, streams that run later, pinned memory that the host and the GPU both access.
// Several devices may share one GPU. Used by runtime/machine and by tests.
#ifndef BATON_RUNTIME_DEVICE_CUDA_CUDA_DEVICE_H_
#define BATON_RUNTIME_DEVICE_CUDA_CUDA_DEVICE_H_

#include <cuda_runtime_api.h>

#include <atomic>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "runtime/device/cuda/cuda_clock.h"
#include "runtime/device/device.h"
#include "runtime/device/host/doorbell.h"

namespace baton {

class CudaStream;

// The number of GPUs, at least 1. Errors: Unavailable "no CUDA device: …" with the driver's message.
absl::StatusOr<int> CountGpus();
// For example "NVIDIA H200, 139.8 GiB". Errors: Unavailable without a GPU.
absl::StatusOr<std::string> DescribeGpu(int gpu);

// Whether a graph is being recorded on the device's streams, and whether it records the times of events.
struct CudaRecording {
  bool active = false;
  bool timed = false;
};

// Thread contract, ownership: see Device. Streams and events must be destroyed before it. Cancel does not stop work on
// the GPU; Resume waits for that work.
class CudaDevice final : public Device {
 public:
  // Device `index` uses GPU `place` modulo the number of GPUs. Errors: InvalidArgument for a negative index or place;
  // Unavailable without a GPU.
  static absl::StatusOr<std::unique_ptr<CudaDevice>> Create(int index, int place);
  static absl::StatusOr<std::unique_ptr<CudaDevice>> Create(int index) { return Create(index, index); }
  ~CudaDevice() override;

  int index() const override { return index_; }
  bool runs_later() const override { return true; }
  std::unique_ptr<Event> CreateEvent() override;
  absl::StatusOr<std::unique_ptr<Stream>> CreateStream() override;
  absl::StatusOr<std::byte*> CreateArena(Bytes bytes) override;
  absl::StatusOr<std::byte*> CreateShared(Bytes bytes) override;
  bool arena_is_shared() const override { return false; }
  absl::Status CopyToArena(std::byte* arena, const std::byte* host, Bytes bytes) override;
  absl::Status CopyFromArena(std::byte* host, const std::byte* arena, Bytes bytes) override;
  absl::Status BindWorkerThread() override { return MakeCurrent(); }
  absl::Status SetClock() override;
  absl::StatusOr<std::unique_ptr<StepGraph>> CreateStepGraph(absl::Span<Device* const> devices, bool timed) override;
  void Cancel() override;
  void Resume() override;

  // For runtime/device/cuda and transport/cuda.

  // Makes the GPU the current one of the calling thread.
  absl::Status MakeCurrent() const;
  int gpu() const { return gpu_; }
  Nanos spin_ns() const { return 5'000; }
  bool cancelled() const { return cancelled_.load(std::memory_order_relaxed); }
  Doorbell& doorbell() { return doorbell_; }
  const CudaClock& clock() const { return clock_; }
  // Set by a graph on the recording thread while no worker runs.
  const CudaRecording& recording() const { return recording_; }
  void set_recording(const CudaRecording& recording) { recording_ = recording; }
  void AddStream(CudaStream* stream);
  void RemoveStream(CudaStream* stream);
  std::vector<CudaStream*> Streams();

 private:
  CudaDevice(int index, int gpu) : index_(index), gpu_(gpu) {}

  const int index_;
  const int gpu_;
  Doorbell doorbell_;
  std::atomic<bool> cancelled_{false};
  CudaClock clock_;
  CudaRecording recording_;
  std::vector<std::byte*> arenas_;
  std::vector<std::byte*> shared_;
  Mutex mutex_;
  std::vector<CudaStream*> streams_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace baton

#endif  // BATON_RUNTIME_DEVICE_CUDA_CUDA_DEVICE_H_
