// Checking options, allocating memory, and preparing worker threads.
#include "runtime/device/host/host_device.h"

#include <sys/prctl.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/device/host/host_event.h"
#include "runtime/device/host/host_stream.h"

namespace baton {

absl::StatusOr<std::unique_ptr<HostDevice>> HostDevice::Create(int index, HostDeviceOptions options) {
  if (index < 0) return absl::InvalidArgumentError(absl::StrCat("a device's index is ", index, "; it starts at 0"));
  if (options.spin_ns < 0) {
    return absl::InvalidArgumentError(absl::StrCat("spin_ns is ", options.spin_ns, "; it must not be negative"));
  }
  return std::unique_ptr<HostDevice>(new HostDevice(index, std::move(options)));
}

std::unique_ptr<Event> HostDevice::CreateEvent() { return std::make_unique<HostEvent>(&doorbell_); }

absl::StatusOr<std::unique_ptr<Stream>> HostDevice::CreateStream() {
  return std::make_unique<HostStream>(&doorbell_, options_.spin_ns);
}

absl::StatusOr<std::byte*> HostDevice::CreateArena(Bytes bytes) { return Allocate(bytes, options_.touch_arena); }

absl::StatusOr<std::byte*> HostDevice::CreateShared(Bytes bytes) { return Allocate(bytes, /*touch=*/false); }

absl::StatusOr<std::byte*> HostDevice::Allocate(Bytes bytes, bool touch) {
  auto block = std::make_unique<HostArena>();
  BATON_RETURN_IF_ERROR(block->Allocate(bytes, touch));
  memory_.push_back(std::move(block));
  return memory_.back()->data();
}

absl::Status HostDevice::CopyToArena(std::byte* arena, const std::byte* host, Bytes bytes) {
  std::copy_n(host, bytes, arena);
  return absl::OkStatus();
}

absl::Status HostDevice::CopyFromArena(std::byte* host, const std::byte* arena, Bytes bytes) {
  std::copy_n(arena, bytes, host);
  return absl::OkStatus();
}

absl::Status HostDevice::BindWorkerThread() {
  prctl(PR_SET_NAME, absl::StrCat("baton-", index_).c_str(), 0, 0, 0);
  prctl(PR_SET_TIMERSLACK, 1UL, 0, 0, 0);  // nanoseconds; the default of 50 µs would lengthen every sleep
  return absl::OkStatus();
}

}  // namespace baton
