// Free memory, as /proc/meminfo tells it.
#include "runtime/device/host/host_memory.h"

#include <unistd.h>

#include <fstream>
#include <string>

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

}  // namespace baton
