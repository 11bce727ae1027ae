// Linear, GELU and linear as one layer: cuBLASLt's products apply the GELU and its derivative. Used by CudaBackend
// alone.
#ifndef BATON_OPS_CUDA_FEED_FORWARD_H_
#define BATON_OPS_CUDA_FEED_FORWARD_H_

#include <memory>

#include "absl/status/statusor.h"
#include "ops/cuda/cuda_backend_options.h"
#include "ops/layers/layer.h"
#include "ops/layers/spec.h"

namespace baton {

// Returns null unless cuBLASLt can fuse the layers: bf16, the tanh GELU, a first layer with a bias, and first.outputs a
// multiple of 8. Errors: LinearInfo's; InvalidArgument for an input of another type than the options' precision.
absl::StatusOr<std::unique_ptr<Layer>> CreateCudaFeedForward(const LinearSpec& first, ActivationKind activation,
                                                             const LinearSpec& second, const Shape& input,
                                                             const CudaBackendOptions& options);

}  // namespace baton

#endif  // BATON_OPS_CUDA_FEED_FORWARD_H_
