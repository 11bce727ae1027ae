// Gates of gated feed-forward layers on GPUs. Used only by CudaBackend.
#ifndef BATON_OPS_CUDA_GATE_H_
#define BATON_OPS_CUDA_GATE_H_

#include <memory>

#include "absl/status/statusor.h"
#include "ops/cuda/cuda_backend_options.h"
#include "ops/layers/layer.h"
#include "ops/layers/spec.h"

namespace baton {

// Errors: GateInfo's; InvalidArgument for an input of another type than the options' precision.
absl::StatusOr<std::unique_ptr<Layer>> CreateCudaGate(const GateSpec& spec, const Shape& input,
                                                      const CudaBackendOptions& options);

}  // namespace baton

#endif  // BATON_OPS_CUDA_GATE_H_
