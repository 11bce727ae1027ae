// What layers cost as plain numbers, for plans that know no layer. Used by whoever makes a plan for real layers.
#ifndef BATON_OPS_MODELS_COSTS_H_
#define BATON_OPS_MODELS_COSTS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ops/backend.h"
#include "ops/layers/layer.h"
#include "ops/layers/spec.h"
#include "schedules/plan/costs.h"

namespace baton {

// The costs of `layer` for one micro-batch; all times are zero. Each entry of parameters() counts as AlignUp of its
// bytes, and the optimizer as twice that (AdamW's moments). The keep_* numbers follow Sequence's rules, so that a
// Sequence of layers needs what their LayerCosts add up to.
LayerCosts DescribeLayer(const std::string& name, const Layer& layer);

// Of each layer of the model, as `backend` makes it. Errors: InvalidArgument as BuildLayer's.
absl::StatusOr<std::vector<LayerCosts>> DescribeModel(const Backend& backend, const ModelSpec& model);

}  // namespace baton

#endif  // BATON_OPS_MODELS_COSTS_H_
