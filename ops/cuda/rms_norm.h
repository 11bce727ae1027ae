// Root-mean-square normalisation on GPUs. Used only by CudaBackend.
#ifndef BATON_OPS_CUDA_RMS_NORM_H_
#define BATON_OPS_CUDA_RMS_NORM_H_

#include <memory>

#include "absl/status/statusor.h"
#include "ops/cuda/cuda_backend_options.h"
#include "ops/layers/layer.h"
#include "ops/layers/spec.h"

namespace baton {

// Errors: RmsNormInfo's; InvalidArgument for an input of another type than the options' precision, for more than 2³¹ −
// 1 runs, and for runs wider than 16384.
absl::StatusOr<std::unique_ptr<Layer>> CreateCudaRmsNorm(const RmsNormSpec& spec, const Shape& input,
                                                         const CudaBackendOptions& options);

}  // namespace baton

#endif  // BATON_OPS_CUDA_RMS_NORM_H_
