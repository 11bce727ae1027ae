// The costs of a layer as plain numbers, since schedules/ knows no layers. Used by runtime/planning.
#ifndef BATON_OPS_MODELS_COSTS_H_
#define BATON_OPS_MODELS_COSTS_H_

#include <string>

#include "ops/layers/layer.h"
#include "schedules/costs/costs.h"

namespace baton {

// Returns the costs of `layer` for one micro-batch; all times are zero. Each entry of parameters() counts as AlignUp of
// its bytes. The optimizer counts as twice that (AdamW's moments), plus the working copies if `precision` is not f32.
// The keep_* numbers follow Sequence's rules, so that the footprint of a Sequence is the sum of its layers' LayerCosts.
LayerCosts DescribeLayer(const std::string& name, const Layer& layer, DataType precision = DataType::kFloat32);

}  // namespace baton

#endif  // BATON_OPS_MODELS_COSTS_H_
