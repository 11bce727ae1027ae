// The kernels of a meeting of members on GPUs. Used by CudaMemberMeeting.
#ifndef BATON_RUNTIME_TRANSPORT_CUDA_COMBINE_SHARES_H_
#define BATON_RUNTIME_TRANSPORT_CUDA_COMBINE_SHARES_H_

#include "absl/status/status.h"
#include "ops/layers/layer.h"
#include "ops/tensor/shape.h"

namespace baton {

// Fits into a kernel's arguments.
inline constexpr int kMostMembersOnGpus = 64;

// The buffers of all members, each accessible to the GPU that combines.
struct MemberBuffers {
  const std::byte* sources[kMostMembersOnGpus];
  std::byte* targets[kMostMembersOnGpus];
  int num_sources = 0;
  int num_targets = 0;
};

enum class CombineOperation : int8_t { kSum, kMax };

// targets[t][i] ← the sum, or the largest, of sources[s][source_offset + i] over all s in order, for i in [begin, end)
// and all t. A NaN stays on whichever source it is. `type`: f32, f64 or bf16; bf16 is added in f32 and rounded once. A
// target may be a source, if source_offset is 0. Asynchronous on `stream`. Errors: Internal for another type, or
// if CUDA refuses the launch.
absl::Status LaunchCombineShares(KernelStream stream, DataType type, CombineOperation operation,
                                 const MemberBuffers& buffers, int64_t source_offset, int64_t begin, int64_t end);

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_CUDA_COMBINE_SHARES_H_
