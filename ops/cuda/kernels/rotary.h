// The kernel of rotary positions (Su et al. 2021). Used by CudaRotary.
#ifndef BATON_OPS_CUDA_KERNELS_ROTARY_H_
#define BATON_OPS_CUDA_KERNELS_ROTARY_H_

#include "absl/status/status.h"
#include "ops/layers/layer.h"

namespace baton {

// The most pairs of a head that the kernel takes. Its launch carries their frequencies.
inline constexpr int kMaxRotaryPairs = 128;

// The first `heads` heads of `width` features of a row turn; its other features are copied.
struct RotaryShape {
  DataType type = DataType::kFloat32;
  int64_t sequences = 0;
  int64_t context = 0;
  int64_t row = 0;
  int64_t heads = 0;
  int64_t width = 0;
  float magnitude = 1;                      // of turned pairs, beside 1 before
  float frequencies[kMaxRotaryPairs] = {};  // of the first width / 2 pairs: PairFrequencies
};

// to ← from, with features i and i + width / 2 of a head turned by ± position · frequencies[i], times
// the magnitude. from, to:
// [sequences, context, row] of shape.type, f32 or bf16. `forward`: the sign, minus for a gradient. Reads `from` and
// writes `to`, each once. Asynchronous on `stream`. Errors: Internal if CUDA refuses the launch.
absl::Status LaunchRotary(KernelStream stream, const RotaryShape& shape, bool forward, const void* from, void* to);

}  // namespace baton

#endif  // BATON_OPS_CUDA_KERNELS_ROTARY_H_
