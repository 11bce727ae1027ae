// Moves the passes of a repeated pattern's warm-up and cool-down to earlier idle units. Used by squeezed patterns.
#ifndef BATON_SCHEDULES_SEARCH_SQUEEZER_H_
#define BATON_SCHEDULES_SEARCH_SQUEEZER_H_

#include <cstdint>

#include "schedules/search/pattern_units.h"

namespace baton {

// Squeezes warm-up and cool-down of units that have backward-weights. No device ever has more than `peak` activations.
Units SqueezeWithWeights(const Units& units, int32_t peak);

// Squeezes the backward-inputs of the cool-down of units without backward-weights, which run in the idle units. The
// same peak.
Units SqueezeWithoutWeights(const Units& units, int32_t peak);

}  // namespace baton

#endif  // BATON_SCHEDULES_SEARCH_SQUEEZER_H_
