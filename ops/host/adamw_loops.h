// The optimizer's loops over one parameter, vectorised and shared by threads. Used only by HostBackend.
#ifndef BATON_OPS_HOST_ADAMW_LOOPS_H_
#define BATON_OPS_HOST_ADAMW_LOOPS_H_

#include <cstdint>

#include "ops/optimizer/optimizer.h"

namespace baton {

// Σ values² in the order of ops/optimizer/tree_sum.h, with the same bits for every number of threads.
double SumOfSquares(int threads, int64_t count, const float* values);

// OptimizerLoops::adamw on up to `threads` threads.
void AdamW(int threads, const OptimizedParameter& parameter, const UpdateControl& control, double gradient_scale);

}  // namespace baton

#endif  // BATON_OPS_HOST_ADAMW_LOOPS_H_
