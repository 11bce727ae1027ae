// Free memory, as /proc/meminfo tells it.
#include "runtime/train/memory.h"

#include <unistd.h>

#include <fstream>

#include "absl/strings/str_cat.h"
#include "schedules/report/text_table.h"

namespace baton {

Bytes FreeMemoryBytes() {
  // https://docs.kernel.org/filesystems/proc.html#meminfo: lines of NAME: NUMBER kB.
  std::ifstream file("/proc/meminfo");
  std::string name, unit;
  Bytes kilobytes = 0;
  while (file >> name >> kilobytes) {
    if (name == "MemAvailable:") return kilobytes * 1024;
    std::getline(file, unit);
  }
  return Bytes{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGESIZE);
}

absl::Status CheckFreeMemory(const std::string& what, Bytes needed) {
  const Bytes free = FreeMemoryBytes();
  if (needed <= free) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("model: ", what, " needs ", FormatBytes(needed), ", but ",
                                                 FormatBytes(free), " of this machine's memory is free"));
}

}  // namespace baton
