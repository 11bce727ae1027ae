// The arena by mmap.
#include "runtime/device/host/host_arena.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "runtime/device/host/host_memory.h"

namespace baton {

HostArena::~HostArena() {
  if (data_ != nullptr) munmap(data_, static_cast<size_t>(mapped_bytes_));
}

absl::Status HostArena::Allocate(Bytes bytes, bool touch) {
  if (data_ != nullptr) return absl::FailedPreconditionError("the block of memory was allocated before");
  const Bytes page_bytes = sysconf(_SC_PAGESIZE);
  const Bytes free_bytes = FreeMemoryBytes();
  if (bytes < 0 || (touch && bytes > free_bytes)) {
    return absl::ResourceExhaustedError(
        absl::StrCat("an arena of ", bytes, " bytes does not fit this machine, which has ", free_bytes, " bytes free"));
  }
  const Bytes mapped_bytes = std::max(bytes, page_bytes);
  const int reserve = touch ? 0 : MAP_NORESERVE;
  void* data = mmap(nullptr, static_cast<size_t>(mapped_bytes), PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | reserve, -1, 0);
  if (data == MAP_FAILED) {
    return absl::ResourceExhaustedError(absl::StrCat("an arena of ", bytes, " bytes: ", std::strerror(errno)));
  }
  data_ = static_cast<std::byte*>(data);
  mapped_bytes_ = mapped_bytes;
  if (touch) {
    // A hint that saves page-table entries of large arenas. The kernel may ignore it.
    madvise(data, static_cast<size_t>(mapped_bytes), MADV_HUGEPAGE);
    for (Bytes offset = 0; offset < mapped_bytes; offset += page_bytes) {
      *static_cast<volatile std::byte*>(data_ + offset) = std::byte{0};
    }
  }
  return absl::OkStatus();
}

}  // namespace baton
