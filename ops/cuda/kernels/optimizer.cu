// A block works on one piece of one parameter. One block computes what all pieces share (the global norm, the factors
// of the update) in a launch before, so that memory shared with the host is read once.
#include <cmath>

#include "ops/cuda/device_code.h"
#include "ops/cuda/kernels/optimizer.h"
#include "ops/cuda/launch.h"
#include "ops/optimizer/clip_scale.h"
#include "ops/optimizer/stochastic_rounding.h"
#include "ops/optimizer/tree_sum.h"

namespace baton {
namespace {

constexpr int kThreads = 256;
constexpr int kWide = 4;  // f32 of a 16-byte access

// Elements [begin, end) of one parameter.
struct Piece {
  const ParameterEntry* entry;
  int64_t begin;
  int64_t end;
};

// The piece of this block: piece number blockIdx.x.
__device__ inline Piece FindPiece(const OptimizerTable& table) {
  int64_t low = 0;
  int64_t high = table.num_entries;  // entries[low].first_piece <= blockIdx.x < entries[high].first_piece
  while (high - low > 1) {
    const int64_t middle = (low + high) / 2;
    (table.entries[middle].first_piece <= blockIdx.x ? low : high) = middle;
  }
  const ParameterEntry* const entry = &table.entries[low];
  const int64_t begin = (blockIdx.x - entry->first_piece) * kElementsPerPiece;
  const int64_t end = begin + kElementsPerPiece;
  return {entry, begin, end < entry->parameter.num_elements ? end : entry->parameter.num_elements};
}

__device__ inline float* AsFloats(std::byte* bytes) { return reinterpret_cast<float*>(bytes); }

// The sum over the lanes of the warp as a balanced tree of neighbours, in every lane.
__device__ inline double WarpTreeSum(double value) {
#pragma unroll
  for (int distance = 1; distance < kThreadsPerWarp; distance *= 2) {
    value += __shfl_xor_sync(kWholeWarp, value, distance);
  }
  return value;
}

// The sum over the warps of the block as a balanced tree of neighbours; `of_warp` is the same in all lanes of a warp.
__device__ inline double WarpsTreeSum(double of_warp) {
  constexpr int kWarps = kThreads / kThreadsPerWarp;
  BATON_SHARED_ARRAY(double, of_warps, kWarps);
  if (threadIdx.x % kThreadsPerWarp == 0) of_warps[threadIdx.x / kThreadsPerWarp] = of_warp;
  __syncthreads();
  TreeSum tree;
  for (int warp = 0; warp < kWarps; ++warp) tree.Add(of_warps[warp]);
  __syncthreads();
  return tree.Total();
}

// The sum of up to kWide squares from element `i` on, none from `end` on.
__device__ inline double SumOfSquares(const float* gradients, int64_t i, int64_t end) {
  double sum = 0.0;
  if (i + kWide <= end) {
    const Floats<kWide> g = Load<kWide>(gradients + i);
    for (int k = 0; k < kWide; ++k) sum += static_cast<double>(g[k]) * g[k];
  } else {
    for (int64_t k = i; k < end; ++k) sum += static_cast<double>(gradients[k]) * gradients[k];
  }
  return sum;
}

// Grid: a block for each piece. piece_sums[piece] ← Σ gradients², in the order of ops/optimizer/tree_sum.h. Each warp
// sums consecutive elements, a leaf by four lanes.
__global__ void __launch_bounds__(kThreads) SquareKernel(OptimizerTable table) {
  static_assert(kNormLeaf == 4 * kWide, "four lanes sum a leaf");
  constexpr int64_t kWarpElements = kElementsPerPiece / (kThreads / kThreadsPerWarp);
  constexpr int kAccess = kThreadsPerWarp * kWide;
  static_assert((kElementsPerPiece & (kElementsPerPiece - 1)) == 0, "a piece is a subtree");
  const Piece piece = FindPiece(table);
  if (piece.entry->parameter.norm < 0) return;
  const float* const gradients = AsFloats(piece.entry->parameter.gradients);
  const int64_t begin = piece.begin + threadIdx.x / kThreadsPerWarp * kWarpElements;
  const int64_t end = begin + kWarpElements < piece.end ? begin + kWarpElements : piece.end;
  TreeSum tree;
  for (int64_t at = begin; at < end; at += kAccess) {
    tree.Add(WarpTreeSum(SumOfSquares(gradients, at + threadIdx.x % kThreadsPerWarp * kWide, end)));
  }
  const double sum = WarpsTreeSum(tree.Total());
  if (threadIdx.x == 0) table.piece_sums[blockIdx.x] = sum;
}

// Grid: a block for each parameter. norms[parameter.norm] ← Σ piece_sums of the parameter. Each thread sums a subtree.
__global__ void __launch_bounds__(kThreads) SumPiecesKernel(OptimizerTable table, double* norms) {
  const ParameterEntry* const entry = &table.entries[blockIdx.x];
  if (entry->parameter.norm < 0) return;
  const int64_t end = entry[1].first_piece;
  int64_t of_thread = 1;
  while (of_thread * kThreads < end - entry->first_piece) of_thread *= 2;
  const int64_t begin = entry->first_piece + threadIdx.x * of_thread;
  TreeSum tree;
  for (int64_t i = begin; i < begin + of_thread && i < end; ++i) tree.Add(table.piece_sums[i]);
  const double sum = WarpsTreeSum(WarpTreeSum(tree.Total()));
  if (threadIdx.x == 0) norms[entry->parameter.norm] = sum;
}

// A thread for each cut parameter.
__global__ void __launch_bounds__(kThreads) JoinNormsKernel(CutNorms cuts, double* norms) {
  const int64_t i = int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (i < cuts.count) JoinCutNorm(cuts.cuts[i], cuts.levels, norms);
}

// Grid: one block. norms: [num_norms] ← 0.
__global__ void ClearKernel(double* norms, int64_t num_norms) {
  for (int64_t i = threadIdx.x; i < num_norms; i += kThreads) norms[i] = 0.0;
}

// Grid: one block. norms[0] ← NaN if any of losses: [num_losses] is not finite.
__global__ void __launch_bounds__(kThreads) MarkKernel(const double* losses, int64_t num_losses, double* norms) {
  for (int64_t i = threadIdx.x; i < num_losses; i += kThreads) {
    if (!isfinite(losses[i])) norms[0] = NAN;  // whichever thread writes it
  }
}

// Grid: one block. *gradient_norm ← √Σ norms; *table.factors ← the factors of the update.
__global__ void __launch_bounds__(kThreads) FactorsKernel(OptimizerTable table, const double* norms, int64_t num_norms,
                                                          const UpdateControl* control, double* gradient_norm) {
  double sum = 0.0;
  for (int64_t i = threadIdx.x; i < num_norms; i += kThreads) sum += norms[i];
  sum = BlockSum<kThreads>(sum);
  if (threadIdx.x != 0) return;
  const double norm = sqrt(sum);
  *gradient_norm = norm;
  const UpdateControl settings = *control;
  AdamWFactors factors = MakeAdamWFactors(settings, ClipScale(settings.clip_norm, norm));
  factors.applies = isfinite(norm);
  *table.factors = factors;
}

__device__ inline __nv_bfloat16* AsBFloat16s(std::byte* bytes) { return reinterpret_cast<__nv_bfloat16*>(bytes); }

// Rounds the new values of elements [at, at + kWidth), one or a block of a parameter that rounds.
template <int kWidth>
__device__ void RoundValues(const AdamWFactors& factors, const OptimizedParameter& parameter, int64_t at,
                            Floats<kWidth>& values) {
  static_assert(kWidth == 1 || kWidth == kRoundingBlock, "one draw");
  const int64_t element = parameter.first_element + at;
  const RoundingWords words =
      DrawRounding(parameter.rounding_key, factors.seed, factors.update, element / kRoundingBlock);
  for (int i = 0; i < kWidth; ++i) {
    values[i] = RoundStochastically(values[i], RoundingBits(words, static_cast<int>(element % kRoundingBlock) + i));
  }
}

// Updates elements [at, at + kWidth).
template <int kWidth>
__device__ void Update(const AdamWFactors& factors, const OptimizedParameter& parameter, int64_t at) {
  if (!factors.applies || parameter.frozen) {
    Store(AsFloats(parameter.gradients) + at, Floats<kWidth>{});
    return;
  }
  const bool is_narrow = parameter.type == DataType::kBFloat16;
  Floats<kWidth> values =
      is_narrow ? Load<kWidth>(AsBFloat16s(parameter.values) + at) : Load<kWidth>(AsFloats(parameter.values) + at);
  Floats<kWidth> first = Load<kWidth>(AsFloats(parameter.first_moment) + at);
  Floats<kWidth> second = Load<kWidth>(AsFloats(parameter.second_moment) + at);
  const Floats<kWidth> gradients = Load<kWidth>(AsFloats(parameter.gradients) + at);
  const float decay_factor = parameter.decays ? factors.decay_factor : 1.0f;
  for (int i = 0; i < kWidth; ++i) {
    const AdamWElement after = UpdateByAdamW(factors, decay_factor, {values[i], first[i], second[i]}, gradients[i]);
    values[i] = after.value;
    first[i] = after.first_moment;
    second[i] = after.second_moment;
  }
  if (parameter.rounds) RoundValues(factors, parameter, at, values);
  if (is_narrow) {
    Store(AsBFloat16s(parameter.values) + at, values);  // exact
  } else {
    Store(AsFloats(parameter.values) + at, values);
  }
  Store(AsFloats(parameter.first_moment) + at, first);
  Store(AsFloats(parameter.second_moment) + at, second);
  Store(AsFloats(parameter.gradients) + at, Floats<kWidth>{});
  if (parameter.working != nullptr) Store(AsBFloat16s(parameter.working) + at, values);
}

// Rounds elements [at, at + kWidth) into the working copy.
template <int kWidth>
__device__ void Round(const OptimizedParameter& parameter, int64_t at) {
  Store(AsBFloat16s(parameter.working) + at, Load<kWidth>(AsFloats(parameter.values) + at));
}

// Calls function(i) for each eight elements of the thread, then tail(k) for each of the last few. Eight, so that an
// access to bf16 is a whole one, too.
template <typename Function, typename Tail>
__device__ void ForOwnElements(const Piece& piece, Function function, Tail tail) {
  constexpr int kElements = 8;
  for (int64_t i = piece.begin + threadIdx.x * kElements; i < piece.end; i += kThreads * kElements) {
    if (i + kElements <= piece.end) {
      function(i);
    } else {
      for (int64_t k = i; k < piece.end; ++k) tail(k);
    }
  }
}

// Grid: a block for each piece.
__global__ void __launch_bounds__(kThreads) UpdateKernel(OptimizerTable table) {
  const Piece piece = FindPiece(table);
  const AdamWFactors factors = *table.factors;
  const OptimizedParameter parameter = piece.entry->parameter;
  ForOwnElements(
      piece, [&](int64_t at) { Update<8>(factors, parameter, at); },
      [&](int64_t at) { Update<1>(factors, parameter, at); });
}

// Grid: a block for each piece.
__global__ void __launch_bounds__(kThreads) RoundKernel(OptimizerTable table) {
  const Piece piece = FindPiece(table);
  const OptimizedParameter parameter = piece.entry->parameter;
  if (parameter.working == nullptr) return;
  ForOwnElements(
      piece, [&](int64_t at) { Round<8>(parameter, at); }, [&](int64_t at) { Round<1>(parameter, at); });
}

}  // namespace

std::vector<ParameterEntry> MakeParameterEntries(const std::vector<OptimizedParameter>& parameters) {
  std::vector<ParameterEntry> entries;
  int64_t num_pieces = 0;
  for (const OptimizedParameter& parameter : parameters) {
    entries.push_back({parameter, num_pieces});
    num_pieces += (parameter.num_elements + kElementsPerPiece - 1) / kElementsPerPiece;
  }
  entries.push_back({OptimizedParameter{}, num_pieces});
  return entries;
}

absl::Status LaunchSquaredNorms(KernelStream stream, const OptimizerTable& table, absl::Span<const double> losses,
                                double* norms, int64_t num_norms) {
  if (num_norms == 0) return absl::OkStatus();
  BATON_RETURN_IF_ERROR(Launch(ClearKernel, {1, kThreads}, stream, norms, num_norms));
  if (table.num_pieces > 0) {
    BATON_RETURN_IF_ERROR(Launch(SquareKernel, {static_cast<unsigned int>(table.num_pieces), kThreads}, stream, table));
    BATON_RETURN_IF_ERROR(
        Launch(SumPiecesKernel, {static_cast<unsigned int>(table.num_entries), kThreads}, stream, table, norms));
  }
  if (losses.empty()) return absl::OkStatus();
  return Launch(MarkKernel, {1, kThreads}, stream, losses.data(), static_cast<int64_t>(losses.size()), norms);
}

absl::Status LaunchJoinNorms(KernelStream stream, const CutNorms& cuts, double* norms) {
  if (cuts.count == 0) return absl::OkStatus();
  return Launch(JoinNormsKernel, {NumBlocks(cuts.count, kThreads), kThreads}, stream, cuts, norms);
}

absl::Status LaunchUpdate(KernelStream stream, const OptimizerTable& table, const double* norms, int64_t num_norms,
                          const UpdateControl* control, double* gradient_norm) {
  BATON_RETURN_IF_ERROR(Launch(FactorsKernel, {1, kThreads}, stream, table, norms, num_norms, control, gradient_norm));
  if (table.num_pieces == 0) return absl::OkStatus();
  return Launch(UpdateKernel, {static_cast<unsigned int>(table.num_pieces), kThreads}, stream, table);
}

absl::Status LaunchRoundValues(KernelStream stream, const OptimizerTable& table) {
  if (table.num_pieces == 0) return absl::OkStatus();
  return Launch(RoundKernel, {static_cast<unsigned int>(table.num_pieces), kThreads}, stream, table);
}

}  // namespace baton
