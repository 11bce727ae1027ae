// Asks the driver once for each pair of GPUs; asking again is no error.
#include "runtime/transport/cuda/peer_access.h"

#include "base/cuda_status.h"
#include "base/status.h"

namespace baton {

absl::StatusOr<bool> EnableAccess(const CudaDevice& device, const CudaDevice& peer) {
  if (device.gpu() == peer.gpu()) return true;
  int can = 0;
  BATON_RETURN_IF_CUDA_ERROR(cudaDeviceCanAccessPeer(&can, device.gpu(), peer.gpu()));
  if (can == 0) return false;
  BATON_RETURN_IF_ERROR(device.MakeCurrent());
  const cudaError_t error = cudaDeviceEnablePeerAccess(peer.gpu(), 0);
  if (error == cudaErrorPeerAccessAlreadyEnabled) {
    cudaGetLastError();
    return true;
  }
  BATON_RETURN_IF_CUDA_ERROR(error);
  return true;
}

}  // namespace baton
