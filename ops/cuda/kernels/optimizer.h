// Kernels that work on all parameters of a chunk in one launch. Used by CudaOptimizer.
#ifndef BATON_OPS_CUDA_KERNELS_OPTIMIZER_H_
#define BATON_OPS_CUDA_KERNELS_OPTIMIZER_H_

#include <vector>

#include "absl/status/status.h"
#include "ops/optimizer/adamw.h"
#include "ops/optimizer/optimizer.h"

namespace baton {

// A parameter is cut into pieces of kElementsPerPiece elements; each piece is the work of one block. Pieces are
// numbered over all parameters. A piece is a subtree of ops/optimizer/tree_sum.h.
inline constexpr int64_t kElementsPerPiece = 32768;

struct ParameterEntry {
  OptimizedParameter parameter;
  int64_t first_piece = 0;  // index of the parameter's first piece
};

// Returns the entries of `parameters` and a last one whose first_piece is the number of all pieces.
std::vector<ParameterEntry> MakeParameterEntries(const std::vector<OptimizedParameter>& parameters);

// Operands of the kernels besides the parameters, all in device memory.
struct OptimizerTable {
  const ParameterEntry* entries = nullptr;  // [num_entries + 1]
  int64_t num_entries = 0;
  int64_t num_pieces = 0;
  double* piece_sums = nullptr;     // [num_pieces]
  AdamWFactors* factors = nullptr;  // one, written by LaunchUpdate
};

// The calls of Optimizer; `working` is bf16. Asynchronous on `stream`. Errors: Internal if CUDA refuses a launch.
absl::Status LaunchSquaredNorms(KernelStream stream, const OptimizerTable& table, absl::Span<const double> losses,
                                double* norms, int64_t num_norms);
absl::Status LaunchJoinNorms(KernelStream stream, const CutNorms& cuts, double* norms);
absl::Status LaunchUpdate(KernelStream stream, const OptimizerTable& table, const double* norms, int64_t num_norms,
                          const UpdateControl* control, double* gradient_norm);
absl::Status LaunchRoundValues(KernelStream stream, const OptimizerTable& table);

}  // namespace baton

#endif  // BATON_OPS_CUDA_KERNELS_OPTIMIZER_H_
