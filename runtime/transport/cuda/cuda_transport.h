// The transport between the devices of one process that are on GPUs: copies on one GPU, from peer to peer on several.
// Used by training.
#ifndef BATON_RUNTIME_TRANSPORT_CUDA_CUDA_TRANSPORT_H_
#define BATON_RUNTIME_TRANSPORT_CUDA_CUDA_TRANSPORT_H_

#include <vector>

#include "runtime/device/cuda/cuda_device.h"
#include "runtime/transport/transport.h"

namespace baton {

// Thread contract: see Transport. Borrows the devices.
class CudaTransport final : public Transport {
 public:
  // `devices[n]`: the device with index n.
  explicit CudaTransport(std::vector<CudaDevice*> devices) : devices_(std::move(devices)) {}

  // Where GPUs can not reach each other's memory, the driver takes the copy over the host. Errors: InvalidArgument for
  // a device that is not there or a channel to itself.
  absl::StatusOr<std::unique_ptr<Channel>> CreateChannel(int from, int to, int capacity) override;
  // Errors: Unimplemented if the first member's GPU can not reach another member's.
  absl::StatusOr<std::unique_ptr<Collective>> CreateCollective(absl::Span<const int32_t> device_of_member) override;

 private:
  absl::StatusOr<CudaDevice*> DeviceAt(int index) const;

  const std::vector<CudaDevice*> devices_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_CUDA_CUDA_TRANSPORT_H_
