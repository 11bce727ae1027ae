// A piece of a GPU's memory outside of arenas. Used by NCCL connections and exchanges.
#ifndef BATON_RUNTIME_TRANSPORT_NCCL_DEVICE_BYTES_H_
#define BATON_RUNTIME_TRANSPORT_NCCL_DEVICE_BYTES_H_

#include <cuda_runtime_api.h>

#include <cstddef>
#include <memory>

#include "absl/status/statusor.h"
#include "base/cuda_status.h"
#include "base/status.h"
#include "base/units.h"
#include "runtime/device/cuda/cuda_device.h"

namespace baton {

// Owns the memory. Freeing waits for the GPU's work, so what uses it must have ended or be aborted before.
class DeviceBytes {
 public:
  DeviceBytes() = default;
  // Errors: those of CUDA.
  static absl::StatusOr<DeviceBytes> Create(const CudaDevice& device, Bytes bytes) {
    BATON_RETURN_IF_ERROR(device.MakeCurrent());
    void* memory = nullptr;
    BATON_RETURN_IF_CUDA_ERROR(cudaMalloc(&memory, static_cast<size_t>(bytes)));
    DeviceBytes made;
    made.memory_.reset(static_cast<std::byte*>(memory));
    return made;
  }

  std::byte* data() const { return memory_.get(); }

 private:
  struct Free {
    void operator()(std::byte* memory) const { (void)cudaFree(memory); }
  };
  std::unique_ptr<std::byte, Free> memory_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_NCCL_DEVICE_BYTES_H_
