// The affinity mask of the calling thread.
#include "runtime/machine/available_cores.h"

#include <sched.h>

#include <algorithm>

namespace baton {

int AvailableCores() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  return sched_getaffinity(0, sizeof(cores), &cores) == 0 ? std::max(1, CPU_COUNT(&cores)) : 1;
}

}  // namespace baton
