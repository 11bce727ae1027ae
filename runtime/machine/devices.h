// From a job's `devices` to what computes: the backend, the devices and the transport between them. The one place where
// training meets kinds of devices. Used by TrainingRun and by the commands that profile a job.
#ifndef BATON_RUNTIME_MACHINE_DEVICES_H_
#define BATON_RUNTIME_MACHINE_DEVICES_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ops/backend.h"
#include "proto/job.pb.h"
#include "runtime/device/device.h"
#include "runtime/transport/transport.h"

namespace baton {

// The transport borrows the devices, so it goes first.
struct JobDevices {
  std::vector<std::unique_ptr<Device>> devices;  // [index]
  std::unique_ptr<Transport> transport;

  std::vector<Device*> Pointers() const;
};

// Makes layers, and tells shapes and sizes, without a device. Errors: Unavailable if this build has none of the kind.
absl::StatusOr<std::unique_ptr<Backend>> MakeBackend(const proto::Devices& devices);

// Errors: Unavailable if this build or this machine has none of the kind: "devices.backend: …".
absl::Status CheckDevices(const proto::Devices& devices);

// `count` devices; on GPUs several may share one. Errors: as CheckDevices.
absl::StatusOr<JobDevices> MakeDevices(const proto::Devices& devices, int count);

// What the devices are, for people, as "1 × NVIDIA H200, 139.8 GiB"; empty for the host.
std::string DescribeDevices(const proto::Devices& devices);

}  // namespace baton

#endif  // BATON_RUNTIME_MACHINE_DEVICES_H_
