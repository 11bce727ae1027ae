// The optimizer of backends that update one parameter after the other by loops on the calling thread.
#ifndef BATON_OPS_OPTIMIZER_LOOP_OPTIMIZER_H_
#define BATON_OPS_OPTIMIZER_LOOP_OPTIMIZER_H_

#include <memory>
#include <vector>

#include "ops/optimizer/optimizer.h"

namespace baton {

// A backend's two loops over one parameter.
struct OptimizerLoops {
  // Σ values².
  double (*squared_norm)(int64_t num_elements, const float* values);
  // As Optimizer::Update says; `weight_decay` is 0 for a parameter that does not decay.
  void (*adamw)(const OptimizedParameter& parameter, const UpdateControl& control, double gradient_scale,
                double weight_decay);
};

std::unique_ptr<Optimizer> MakeLoopOptimizer(OptimizerLoops loops, std::vector<OptimizedParameter> parameters);

}  // namespace baton

#endif  // BATON_OPS_OPTIMIZER_LOOP_OPTIMIZER_H_
