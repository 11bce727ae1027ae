// The kernel of the gradient of a table of segments, of which there are few. Used by kernels/embedding.cu.
#ifndef BATON_OPS_CUDA_KERNELS_SEGMENT_GRADIENT_H_
#define BATON_OPS_CUDA_KERNELS_SEGMENT_GRADIENT_H_

#include "absl/status/status.h"
#include "ops/cuda/kernels/embedding_shape.h"
#include "ops/layers/layer.h"

namespace baton {

// The scratch that LaunchSegmentGradient needs.
Bytes SegmentGradientScratchBytes(const EmbeddingShape& shape);

// gradient[segment] += Σ dy of the rows with that segment. dy: [sequences, context, width] of shape.type; gradient:
// [segments, width] f32. Reads the ids once for each segment and dy once, in all. The order of the sums depends on the
// shape and the ids alone. Asynchronous on `stream`. Errors: Internal if CUDA refuses a launch.
absl::Status LaunchSegmentGradient(KernelStream stream, const EmbeddingShape& shape, const int32_t* ids, const void* dy,
                                   float* gradient, std::byte* scratch);

}  // namespace baton

#endif  // BATON_OPS_CUDA_KERNELS_SEGMENT_GRADIENT_H_
