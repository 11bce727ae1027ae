// Refuses what the machine has no memory for. Linux grants more than there is and ends the process, or another one,
// when it is touched. Used by the trainer and by the profile.
#ifndef BATON_RUNTIME_TRAIN_MEMORY_H_
#define BATON_RUNTIME_TRAIN_MEMORY_H_

#include <string>

#include "absl/status/status.h"
#include "base/units.h"

namespace baton {

// What the machine can give without swapping; the physical memory where the system does not say.
Bytes FreeMemoryBytes();

// Errors: InvalidArgument if `needed` is more than FreeMemoryBytes(): "model: WHAT needs … but …".
absl::Status CheckFreeMemory(const std::string& what, Bytes needed);

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_MEMORY_H_
