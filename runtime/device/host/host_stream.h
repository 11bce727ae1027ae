// The stream of host devices. It has no queue: work runs on the calling thread before the call returns.
// Made by HostDevice.
#ifndef BATON_RUNTIME_DEVICE_HOST_HOST_STREAM_H_
#define BATON_RUNTIME_DEVICE_HOST_HOST_STREAM_H_

#include "absl/status/status.h"
#include "runtime/device/device.h"
#include "runtime/device/host/doorbell.h"

namespace baton {

// Thread contract: the device's worker. Borrows the doorbell.
class HostStream final : public Stream {
 public:
  HostStream(Doorbell* doorbell, Nanos spin_ns) : doorbell_(doorbell), spin_ns_(spin_ns) {}

  // `event` must be a HostEvent of the same device.
  absl::Status Wait(const Event& event) override;
  absl::Status Record(Event& event) override;
  absl::Status Zero(std::byte* data, Bytes bytes) override;
  absl::Status Copy(std::byte* to, const std::byte* from, Bytes bytes) override;
  absl::Status CopyFromShared(std::byte* arena, const std::byte* shared, Bytes bytes) override;
  absl::Status Synchronize() override { return absl::OkStatus(); }
  void* native_handle() override { return nullptr; }

  // Models work that lasts until `deadline` (of SteadyNow, ns) without using the processor. Errors: Cancelled.
  absl::Status SleepUntil(Nanos deadline);

 private:
  Doorbell* const doorbell_;
  const Nanos spin_ns_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_DEVICE_HOST_HOST_STREAM_H_
