// HostStream: waits block the worker.
#include "runtime/device/host/host_stream.h"

#include <algorithm>

#include "runtime/device/host/host_event.h"

namespace baton {

absl::Status HostStream::Wait(const Event& event) {
  const auto& host_event = static_cast<const HostEvent&>(event);
  if (host_event.Done() || doorbell_->Await(host_event.done_at(), spin_ns_)) return absl::OkStatus();
  return absl::CancelledError("the step was cancelled");
}

absl::Status HostStream::Record(Event& event) {
  static_cast<HostEvent&>(event).CompleteAt(SteadyNow());
  return absl::OkStatus();
}

absl::Status HostStream::Zero(std::byte* data, Bytes bytes) {
  std::fill_n(data, bytes, std::byte{0});
  return absl::OkStatus();
}

absl::Status HostStream::Copy(std::byte* to, const std::byte* from, Bytes bytes) {
  std::copy_n(from, bytes, to);
  return absl::OkStatus();
}

absl::Status HostStream::CopyFromShared(std::byte* arena, const std::byte* shared, Bytes bytes) {
  std::copy_n(shared, bytes, arena);
  return absl::OkStatus();
}

absl::Status HostStream::SleepUntil(Nanos deadline) {
  if (doorbell_->SleepUntil(deadline)) return absl::OkStatus();
  return absl::CancelledError("the step was cancelled");
}

}  // namespace baton
