// AdamW over all parameters of a chunk on a GPU. Used by CudaBackend alone.
#ifndef BATON_OPS_CUDA_CUDA_OPTIMIZER_H_
#define BATON_OPS_CUDA_CUDA_OPTIMIZER_H_

#include <memory>
#include <vector>

#include "ops/optimizer/optimizer.h"

namespace baton {

// The first call, on the device of all others, allocates a table of some tens of bytes a parameter and 8 bytes for
// every 32,768 elements there, and may not be captured; the table lives as long as the optimizer.
std::unique_ptr<Optimizer> CreateCudaOptimizer(std::vector<OptimizedParameter> parameters);

}  // namespace baton

#endif  // BATON_OPS_CUDA_CUDA_OPTIMIZER_H_
