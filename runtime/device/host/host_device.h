// A device on the host: ordinary memory, and streams that run work on the calling thread.
// Used by training on the host, by rehearsals and by tests.
#ifndef BATON_RUNTIME_DEVICE_HOST_HOST_DEVICE_H_
#define BATON_RUNTIME_DEVICE_HOST_HOST_DEVICE_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/device/device.h"
#include "runtime/device/host/doorbell.h"
#include "runtime/device/host/host_arena.h"

namespace baton {

struct HostDeviceOptions {
  // How long a blocked wait polls before it sleeps, at least 0 ns. Short, since two cores may run 64 workers.
  Nanos spin_ns = 5'000;
  // Back arenas with memory at once. False for rehearsals, which never touch theirs.
  bool touch_arena = true;
};

// Thread contract, ownership: see Device. Streams and events must be destroyed before it.
class HostDevice final : public Device {
 public:
  // Errors: InvalidArgument for a negative index or spin_ns.
  static absl::StatusOr<std::unique_ptr<HostDevice>> Create(int index, HostDeviceOptions options);

  int index() const override { return index_; }
  std::unique_ptr<Event> CreateEvent() override;
  absl::StatusOr<std::unique_ptr<Stream>> CreateStream() override;
  absl::StatusOr<std::byte*> CreateArena(Bytes bytes) override;
  absl::StatusOr<std::byte*> CreateShared(Bytes bytes) override;
  bool arena_is_shared() const override { return true; }
  absl::Status CopyToArena(std::byte* arena, const std::byte* host, Bytes bytes) override;
  absl::Status CopyFromArena(std::byte* host, const std::byte* arena, Bytes bytes) override;
  // Names the thread, and makes its timed sleeps as precise as the kernel allows.
  absl::Status BindWorkerThread() override;
  void Cancel() override { doorbell_.Cancel(); }
  void Resume() override { doorbell_.Resume(); }

 private:
  absl::StatusOr<std::byte*> Allocate(Bytes bytes, bool touch);

  HostDevice(int index, HostDeviceOptions options) : index_(index), options_(std::move(options)) {}

  const int index_;
  const HostDeviceOptions options_;
  Doorbell doorbell_;
  std::vector<std::unique_ptr<HostArena>> memory_;  // arenas and shared memory
};

}  // namespace baton

#endif  // BATON_RUNTIME_DEVICE_HOST_HOST_DEVICE_H_
