// Making channels and collectives between GPUs that have access to each other.
#include "runtime/transport/cuda/cuda_transport.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/transport/cuda/cuda_channel.h"
#include "runtime/transport/cuda/cuda_collective.h"
#include "runtime/transport/cuda/peer_access.h"

namespace baton {
absl::StatusOr<CudaDevice*> CudaTransport::DeviceAt(int index) const {
  if (index >= 0 && index < static_cast<int>(devices_.size())) return devices_[index];
  return absl::InvalidArgumentError(absl::StrCat("device ", index, "; it must be from 0 to below ", devices_.size()));
}

absl::StatusOr<std::unique_ptr<Channel>> CudaTransport::CreateChannel(int from, int to, int capacity) {
  if (from == to) return absl::InvalidArgumentError(absl::StrCat("a channel from device ", from, " to itself"));
  BATON_ASSIGN_OR_RETURN(CudaDevice * sender, DeviceAt(from));
  BATON_ASSIGN_OR_RETURN(CudaDevice * receiver, DeviceAt(to));
  BATON_RETURN_IF_ERROR(EnableAccess(*sender, *receiver).status());
  BATON_RETURN_IF_ERROR(EnableAccess(*receiver, *sender).status());
  return CudaChannel::Create(sender, receiver, capacity);
}

absl::StatusOr<std::unique_ptr<Collective>> CudaTransport::CreateCollective(
    absl::Span<const int32_t> device_of_member) {
  if (device_of_member.empty()) return absl::InvalidArgumentError("a sum without members");
  std::vector<CudaDevice*> devices;
  for (int32_t index : device_of_member) {
    BATON_ASSIGN_OR_RETURN(CudaDevice * device, DeviceAt(index));
    devices.push_back(device);
    BATON_ASSIGN_OR_RETURN(const bool reaches, EnableAccess(*devices[0], *device));
    if (!reaches) {
      return absl::UnimplementedError(absl::StrCat("GPU ", devices[0]->gpu(), " cannot access the memory of GPU ",
                                                   device->gpu(), ", which a sum over both needs"));
    }
  }
  return CudaCollective::Create(std::move(devices), SumWithinProcess());
}

}  // namespace baton
