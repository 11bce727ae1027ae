// The machine's free memory. Used by HostArena and runtime/planning, so that both refuse by the same figure.
#ifndef BATON_RUNTIME_DEVICE_HOST_HOST_MEMORY_H_
#define BATON_RUNTIME_DEVICE_HOST_HOST_MEMORY_H_

#include "base/units.h"

namespace baton {

// Bytes that the machine can provide without swapping, or its physical memory if the system does not report that. Linux
// grants larger allocations, but kills a process once they are touched.
Bytes FreeMemoryBytes();

}  // namespace baton

#endif  // BATON_RUNTIME_DEVICE_HOST_HOST_MEMORY_H_
