// Which layers compute the same. Used by runtime/planning, which times each computation once.
#ifndef BATON_OPS_LAYERS_COMPUTATION_KEY_H_
#define BATON_OPS_LAYERS_COMPUTATION_KEY_H_

#include <string>

#include "ops/layers/spec.h"

namespace baton {

// Equal for two layers if they take the same time on inputs of the same shape: everything in `spec` except names and
// initial values.
std::string ComputationKey(const LayerSpec& spec);

}  // namespace baton

#endif  // BATON_OPS_LAYERS_COMPUTATION_KEY_H_
