// How much a layer weighs in a split. Used by plan.cc and device_split.cc alone.
#ifndef BATON_SCHEDULES_PLAN_LAYER_WEIGHTS_H_
#define BATON_SCHEDULES_PLAN_LAYER_WEIGHTS_H_

#include <vector>

#include "absl/types/span.h"
#include "schedules/costs/costs.h"

namespace baton {

// [layer] Its time if any layer has one, else its FLOPs if any layer has some, else 1.
std::vector<double> LayerWeights(absl::Span<const LayerCosts> layers);

}  // namespace baton

#endif  // BATON_SCHEDULES_PLAN_LAYER_WEIGHTS_H_
