// One block of host memory: zeroed, page-aligned, freed with the object. Used by HostDevice.
#ifndef BATON_RUNTIME_DEVICE_HOST_HOST_ARENA_H_
#define BATON_RUNTIME_DEVICE_HOST_HOST_ARENA_H_

#include <cstddef>

#include "absl/status/status.h"
#include "base/units.h"

namespace baton {

// Thread contract: one thread at a time. Lifecycle: starts empty; Allocate once.
class HostArena {
 public:
  HostArena() = default;
  ~HostArena();
  HostArena(const HostArena&) = delete;
  HostArena& operator=(const HostArena&) = delete;

  // With `touch`, the calling thread writes every page, so that the kernel places it on that thread's memory node and
  // no step pays for page faults. Without, a page takes memory only once it is used. Errors: ResourceExhausted;
  // FailedPrecondition if called again.
  absl::Status Allocate(Bytes bytes, bool touch);
  // Null before Allocate.
  std::byte* data() const { return data_; }

 private:
  std::byte* data_ = nullptr;
  Bytes mapped_bytes_ = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_DEVICE_HOST_HOST_ARENA_H_
