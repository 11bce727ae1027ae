// Rotary positions on GPUs. Used only by CudaBackend.
#ifndef BATON_OPS_CUDA_ROTARY_H_
#define BATON_OPS_CUDA_ROTARY_H_

#include <memory>

#include "absl/status/statusor.h"
#include "ops/cuda/cuda_backend_options.h"
#include "ops/layers/layer.h"
#include "ops/layers/spec.h"

namespace baton {

// Errors: RotaryInfo's; InvalidArgument for an input of another type than the options' precision, and for heads wider
// than 256.
absl::StatusOr<std::unique_ptr<Layer>> CreateCudaRotary(const RotarySpec& spec, const Shape& input,
                                                        const CudaBackendOptions& options);

}  // namespace baton

#endif  // BATON_OPS_CUDA_ROTARY_H_
