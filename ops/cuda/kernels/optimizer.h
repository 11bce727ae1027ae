// The update of all parameters of a chunk in one launch. Used by CudaOptimizer.
#ifndef BATON_OPS_CUDA_KERNELS_OPTIMIZER_H_
#define BATON_OPS_CUDA_KERNELS_OPTIMIZER_H_

#include <vector>

#include "absl/status/status.h"
#include "ops/cuda/formulas/adamw.h"
#include "ops/optimizer/optimizer.h"

namespace baton {

// A parameter as kernels see it: its elements are cut into pieces of kElementsPerPiece, a block each, which are
// numbered over all parameters.
struct ParameterEntry {
  OptimizedParameter parameter;
  int64_t first_piece = 0;
};

inline constexpr int64_t kElementsPerPiece = 32768;

// The entries of `parameters`, and one more whose first_piece is the number of pieces.
std::vector<ParameterEntry> MakeParameterEntries(const std::vector<OptimizedParameter>& parameters);

// What kernels read and write beside the parameters, all in device memory.
struct OptimizerTable {
  const ParameterEntry* entries = nullptr;  // [num_entries + 1]
  int64_t num_entries = 0;
  int64_t num_pieces = 0;
  double* piece_sums = nullptr;  // [num_pieces]
  AdamWFactors* factors = nullptr;
};

// As Optimizer's calls say; `working` is bf16. Asynchronous on `stream`. Errors: Internal if CUDA refuses.
absl::Status LaunchSquaredNorms(KernelStream stream, const OptimizerTable& table, double* norms, int64_t num_norms);
absl::Status LaunchStep(KernelStream stream, const OptimizerTable& table, const double* norms, int64_t num_norms,
                        const UpdateControl* control, double* gradient_norm);
absl::Status LaunchRoundValues(KernelStream stream, const OptimizerTable& table);

}  // namespace baton

#endif  // BATON_OPS_CUDA_KERNELS_OPTIMIZER_H_
