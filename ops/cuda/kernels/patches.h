// The kernel that cuts images into squares. Used by CudaPatches.
#ifndef BATON_OPS_CUDA_KERNELS_PATCHES_H_
#define BATON_OPS_CUDA_KERNELS_PATCHES_H_

#include "absl/status/status.h"
#include "ops/layers/layer.h"

namespace baton {

// Arrays: of `type`, f32 or bf16. Both functions are asynchronous on `stream` and read and write each element once.
// Errors: Internal if CUDA refuses the launch.
struct PatchesShape {
  DataType type = DataType::kFloat32;
  int64_t examples = 0;
  int64_t channels = 0;
  int64_t height = 0;
  int64_t width = 0;
  int64_t edge = 0;
};

// rows ← the squares of edge × edge pixels of image. image: [examples, channels, height, width]; rows:
// [examples, (height / edge) · (width / edge), channels · edge · edge].
absl::Status LaunchPatches(KernelStream stream, const PatchesShape& shape, const void* image, void* rows);

// The inverse.
absl::Status LaunchPatchesBackward(KernelStream stream, const PatchesShape& shape, const void* rows, void* image);

}  // namespace baton

#endif  // BATON_OPS_CUDA_KERNELS_PATCHES_H_
