// What a layer costs as plain numbers, for plans that know no layer. Used by runtime/train.
#ifndef BATON_OPS_MODELS_COSTS_H_
#define BATON_OPS_MODELS_COSTS_H_

#include <string>

#include "ops/layers/layer.h"
#include "schedules/costs/costs.h"

namespace baton {

// The costs of `layer` for one micro-batch; all times are zero. Each entry of parameters() counts as AlignUp of its
// bytes, and the optimizer as twice that (AdamW's moments) and, where layers read parameters in another `precision`
// than f32, those copies. The keep_* numbers follow Sequence's rules, so that a Sequence of layers needs what their
// LayerCosts add up to.
LayerCosts DescribeLayer(const std::string& name, const Layer& layer, DataType precision = DataType::kFloat32);

}  // namespace baton

#endif  // BATON_OPS_MODELS_COSTS_H_
