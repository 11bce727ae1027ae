// What is needed against what is free.
#include "runtime/planning/memory.h"

#include "absl/strings/str_cat.h"
#include "base/format.h"
#include "runtime/device/host/host_memory.h"

namespace baton {

absl::Status CheckFreeMemory(const std::string& what, Bytes needed) {
  const Bytes free = FreeMemoryBytes();
  if (needed <= free) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("model: ", what, " needs ", FormatBytes(needed), ", but ",
                                                 FormatBytes(free), " of this machine's memory is free"));
}

}  // namespace baton
