// AdamW over all parameters of a chunk on a GPU. Used only by CudaBackend.
#ifndef BATON_OPS_CUDA_CUDA_OPTIMIZER_H_
#define BATON_OPS_CUDA_CUDA_OPTIMIZER_H_

#include <memory>
#include <vector>

#include "ops/optimizer/optimizer.h"

namespace baton {

// The first call allocates a table in the memory of the current device: some tens of bytes for each parameter and 8
// bytes for every 32,768 elements. That call may not be captured; later calls must be made with the same device
// current. The optimizer frees the table.
std::unique_ptr<Optimizer> CreateCudaOptimizer(std::vector<OptimizedParameter> parameters);

}  // namespace baton

#endif  // BATON_OPS_CUDA_CUDA_OPTIMIZER_H_
