// How late a sleep ends, which limits what a rehearsal can measure. Used by `baton rehearse`.
#ifndef BATON_RUNTIME_REHEARSE_SLEEP_LATENESS_H_
#define BATON_RUNTIME_REHEARSE_SLEEP_LATENESS_H_

#include <string>

#include "absl/status/statusor.h"
#include "base/units.h"

namespace baton {

// The median lateness of short sleeps on a device of a rehearsal, in nanoseconds. Takes some milliseconds. Errors:
// those of making a device.
absl::StatusOr<Nanos> MeasureSleepLateness();

// A note for a rehearsal whose shortest pass takes `shortest_ns`: the lateness, and if it is more than a twentieth of
// the pass, that times are too long, and the shortest pass that could be rehearsed.
std::string DescribeSleepLateness(Nanos lateness_ns, Nanos shortest_ns);

}  // namespace baton

#endif  // BATON_RUNTIME_REHEARSE_SLEEP_LATENESS_H_
