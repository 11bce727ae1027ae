// The stream of CUDA devices: a queue that the GPU works through later. Made by CudaDevice.
#ifndef BATON_RUNTIME_DEVICE_CUDA_CUDA_STREAM_H_
#define BATON_RUNTIME_DEVICE_CUDA_CUDA_STREAM_H_

#include <cuda_runtime_api.h>

#include "absl/status/status.h"
#include "runtime/device/device.h"

namespace baton {

class CudaDevice;

// Thread contract: one thread at a time. Registers itself with its device, which must outlive it.
class CudaStream final : public Stream {
 public:
  // Takes ownership of `stream`, which is on `device`'s GPU.
  CudaStream(CudaDevice* device, cudaStream_t stream);
  ~CudaStream() override;
  CudaStream(const CudaStream&) = delete;
  CudaStream& operator=(const CudaStream&) = delete;

  // `event` must be a CudaEvent of the same device. Blocks the caller until it is posted. Errors: Cancelled; Internal
  // if it is not posted while a graph is recorded.
  absl::Status Wait(const Event& event) override;
  absl::Status Record(Event& event) override;
  absl::Status Zero(std::byte* data, Bytes bytes) override;
  absl::Status Copy(std::byte* to, const std::byte* from, Bytes bytes) override;
  absl::Status CopyFromShared(std::byte* arena, const std::byte* shared, Bytes bytes) override;
  absl::Status Synchronize() override;
  // NVTX ranges, which profilers such as Nsight Systems show.
  void PushRange(const char* name) override;
  void PopRange() override;
  void* native_handle() override { return stream_; }

  cudaStream_t stream() const { return stream_; }

 private:
  CudaDevice* const device_;
  const cudaStream_t stream_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_DEVICE_CUDA_CUDA_STREAM_H_
