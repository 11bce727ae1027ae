// Refuses what the machine has no memory for. Used by the trainer and by the profile.
#ifndef BATON_RUNTIME_PLANNING_MEMORY_H_
#define BATON_RUNTIME_PLANNING_MEMORY_H_

#include <string>

#include "absl/status/status.h"
#include "base/units.h"

namespace baton {

// Errors: InvalidArgument if `needed` is more than FreeMemoryBytes() of runtime/device/host: "model: WHAT needs … but
// …".
absl::Status CheckFreeMemory(const std::string& what, Bytes needed);

}  // namespace baton

#endif  // BATON_RUNTIME_PLANNING_MEMORY_H_
