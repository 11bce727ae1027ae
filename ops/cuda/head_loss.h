// A linear layer and the cross-entropy of its outputs as one layer, which has the gradients of the logits in place of
// the logits. Used only by CudaBackend.
#ifndef BATON_OPS_CUDA_HEAD_LOSS_H_
#define BATON_OPS_CUDA_HEAD_LOSS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "ops/cuda/cuda_backend_options.h"
#include "ops/layers/layer.h"
#include "ops/layers/spec.h"

namespace baton {

// `head` and `loss` are whole: no parts of tensor parallelism. Errors: LinearInfo's and CrossEntropyInfo's;
// InvalidArgument for an input of another type than the options' precision.
absl::StatusOr<std::unique_ptr<Layer>> CreateCudaHeadLoss(const LinearSpec& head, const CrossEntropySpec& loss,
                                                          const Shape& input, const CudaBackendOptions& options);

}  // namespace baton

#endif  // BATON_OPS_CUDA_HEAD_LOSS_H_
