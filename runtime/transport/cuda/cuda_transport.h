// The transport between CUDA devices of one process: copies within a GPU, or from peer to peer between GPUs. Used by
// runtime/machine.
#ifndef BATON_RUNTIME_TRANSPORT_CUDA_CUDA_TRANSPORT_H_
#define BATON_RUNTIME_TRANSPORT_CUDA_CUDA_TRANSPORT_H_

#include <vector>

#include "runtime/device/cuda/cuda_device.h"
#include "runtime/transport/transport.h"

namespace baton {

// Thread contract: see Transport. Borrows the devices.
class CudaTransport final : public Transport {
 public:
  // `devices[n]`: the device with index n; null: in another process.
  explicit CudaTransport(std::vector<CudaDevice*> devices) : devices_(std::move(devices)) {}

  // Between GPUs without access to each other's memory, the driver copies through the host. Errors besides Transport's:
  // those of CUDA.
  absl::StatusOr<std::unique_ptr<Channel>> CreateChannel(int from, int to, int capacity) override;
  // Errors besides Transport's: Unimplemented if the first member's GPU cannot access another member's memory.
  absl::StatusOr<std::unique_ptr<Collective>> CreateCollective(absl::Span<const int32_t> device_of_member) override;

 private:
  absl::StatusOr<CudaDevice*> DeviceAt(int index) const;

  const std::vector<CudaDevice*> devices_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_CUDA_CUDA_TRANSPORT_H_
