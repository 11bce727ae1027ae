// How much memory the machine can give. Used by HostArena and by runtime/train, so that both refuse by one figure.
#ifndef BATON_RUNTIME_DEVICE_HOST_HOST_MEMORY_H_
#define BATON_RUNTIME_DEVICE_HOST_HOST_MEMORY_H_

#include "base/units.h"

namespace baton {

// What it can give without swapping; the physical memory where the system does not say. Linux grants more than that and
// ends the process, or another one, when it is touched.
Bytes FreeMemoryBytes();

}  // namespace baton

#endif  // BATON_RUNTIME_DEVICE_HOST_HOST_MEMORY_H_
