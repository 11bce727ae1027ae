// Durations as users write them. Used for flags and for the fields of a job.
#ifndef BATON_BASE_DURATION_H_
#define BATON_BASE_DURATION_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "base/units.h"

namespace baton {

// Parses a number with a unit: "18.5ms", "600us", "1.2s", "250ns". A bare "0" needs no unit. Returns none if `text` is
// anything else, or not from 0 to 3600 s.
std::optional<Nanos> ParseDuration(absl::string_view text);

// The texts that ParseDuration accepts, for messages.
inline constexpr char kDurationAllowed[] =
    "a time from 0 to 3600 s with its unit, like 18.5ms; units are ns, us, ms and s";

}  // namespace baton

#endif  // BATON_BASE_DURATION_H_
