// The costs of a layer as plain numbers, since schedules/ knows no layers. Used by runtime/planning.
#ifndef BATON_OPS_MODELS_COSTS_H_
#define BATON_OPS_MODELS_COSTS_H_

#include <string>

#include "ops/layers/layer.h"
#include "ops/layers/parameter_layout.h"
#include "schedules/costs/costs.h"

namespace baton {

// Returns the costs of `layer` for one micro-batch; all times are zero. Parameters and optimizer state count as
// LayOutChunk lays them out in `format`. The keep_* numbers follow Sequence's rules, so that the
// footprint of a Sequence is the sum of its layers' LayerCosts.
LayerCosts DescribeLayer(const std::string& name, const Layer& layer, const ParameterFormat& format = {});

}  // namespace baton

#endif  // BATON_OPS_MODELS_COSTS_H_
