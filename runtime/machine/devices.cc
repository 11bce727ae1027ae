// Choosing by devices.backend.
#include "runtime/machine/devices.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "ops/host/host_backend.h"
#include "runtime/device/host/host_device.h"
#include "runtime/machine/cuda_devices.h"
#include "runtime/transport/local/local_transport.h"

namespace baton {
namespace {

absl::Status WithField(const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat("devices.backend: ", status.message()));
}

}  // namespace

std::vector<Device*> JobDevices::Pointers() const {
  std::vector<Device*> pointers;
  for (const std::unique_ptr<Device>& device : devices) pointers.push_back(device.get());
  return pointers;
}

absl::StatusOr<std::unique_ptr<Backend>> MakeBackend(const proto::Devices& devices) {
  if (devices.backend() == proto::Devices::HOST) return std::make_unique<HostBackend>(devices.threads_each());
  absl::StatusOr<std::unique_ptr<Backend>> backend = MakeCudaBackend(devices);
  if (!backend.ok()) return WithField(backend.status());
  return backend;
}

absl::Status CheckDevices(const proto::Devices& devices) {
  if (devices.backend() == proto::Devices::HOST) return absl::OkStatus();
  const absl::StatusOr<std::string> gpus = DescribeGpus();
  return gpus.ok() ? absl::OkStatus() : WithField(gpus.status());
}

absl::StatusOr<JobDevices> MakeDevices(const proto::Devices& devices, int count) {
  if (devices.backend() != proto::Devices::HOST) {
    absl::StatusOr<JobDevices> made = MakeCudaDevices(count);
    if (!made.ok()) return WithField(made.status());
    return made;
  }
  JobDevices made;
  for (int index = 0; index < count; ++index) {
    BATON_ASSIGN_OR_RETURN(std::unique_ptr<Device> device, HostDevice::Create(index, HostDeviceOptions()));
    made.devices.push_back(std::move(device));
  }
  made.transport = std::make_unique<LocalTransport>();
  return made;
}

std::string DescribeDevices(const proto::Devices& devices) {
  if (devices.backend() == proto::Devices::HOST) return "";
  return DescribeGpus().value_or("");
}

}  // namespace baton
