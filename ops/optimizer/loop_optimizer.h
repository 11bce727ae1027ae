// The optimizer of backends that update one parameter after another by loops of the backend. Used by ops/host
// and ops/reference.
#ifndef BATON_OPS_OPTIMIZER_LOOP_OPTIMIZER_H_
#define BATON_OPS_OPTIMIZER_LOOP_OPTIMIZER_H_

#include <functional>
#include <memory>
#include <vector>

#include "ops/optimizer/optimizer.h"

namespace baton {

// A backend's two loops over one parameter.
struct OptimizerLoops {
  // Σ values², in the order of tree_sum.h.
  std::function<double(int64_t num_elements, const float* values)> squared_norm;
  // Updates the parameter by Optimizer::Update's formulas. control.weight_decay applies only if the parameter decays.
  std::function<void(const OptimizedParameter& parameter, const UpdateControl& control, double gradient_scale)> adamw;
};

// Every call returns after its work is done; `stream` is unused. RoundValues does nothing: layers read the f32 values.
std::unique_ptr<Optimizer> MakeLoopOptimizer(OptimizerLoops loops, std::vector<OptimizedParameter> parameters);

}  // namespace baton

#endif  // BATON_OPS_OPTIMIZER_LOOP_OPTIMIZER_H_
