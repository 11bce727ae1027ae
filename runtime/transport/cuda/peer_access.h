// Access of GPUs to each other's memory. Used by CudaTransport and CudaMemberMeeting.
#ifndef BATON_RUNTIME_TRANSPORT_CUDA_PEER_ACCESS_H_
#define BATON_RUNTIME_TRANSPORT_CUDA_PEER_ACCESS_H_

#include "absl/status/statusor.h"
#include "runtime/device/cuda/cuda_device.h"

namespace baton {

// Gives `device`'s GPU access to `peer`'s memory; returns false if the hardware cannot. Errors: those of CUDA.
absl::StatusOr<bool> EnableAccess(const CudaDevice& device, const CudaDevice& peer);

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_CUDA_PEER_ACCESS_H_
