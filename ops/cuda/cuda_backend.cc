// The CUDA backend's table of layers.
#include "ops/cuda/cuda_backend.h"

#include <utility>

#include "base/status.h"
#include "ops/cuda/activation.h"
#include "ops/cuda/attention.h"
#include "ops/cuda/cross_entropy.h"
#include "ops/cuda/cuda_optimizer.h"
#include "ops/cuda/embedding.h"
#include "ops/cuda/feed_forward.h"
#include "ops/cuda/kernels/elementwise.h"
#include "ops/cuda/layer_norm.h"
#include "ops/cuda/linear.h"
#include "ops/cuda/support.h"

namespace baton {

absl::StatusOr<std::unique_ptr<Layer>> CudaBackend::CreateLinear(const LinearSpec& spec, const Shape& input) const {
  return CreateCudaLinear(spec, input, options_);
}

absl::StatusOr<std::unique_ptr<Layer>> CudaBackend::CreateEmbedding(const EmbeddingSpec& spec,
                                                                    const Shape& input) const {
  return CreateCudaEmbedding(spec, input, options_);
}

absl::StatusOr<std::unique_ptr<Layer>> CudaBackend::CreateLayerNorm(const LayerNormSpec& spec,
                                                                    const Shape& input) const {
  return CreateCudaLayerNorm(spec, input, options_);
}

absl::StatusOr<std::unique_ptr<Layer>> CudaBackend::CreateActivation(const ActivationSpec& spec,
                                                                     const Shape& input) const {
  return CreateCudaActivation(spec, input, options_);
}

absl::StatusOr<std::unique_ptr<Layer>> CudaBackend::CreateAttention(const AttentionSpec& spec,
                                                                          const Shape& input) const {
  return CreateCudaAttention(spec, input, options_);
}

absl::StatusOr<std::unique_ptr<Layer>> CudaBackend::CreateCrossEntropy(const CrossEntropySpec& spec,
                                                                       const Shape& input) const {
  return CreateCudaCrossEntropy(spec, input, options_);
}

absl::StatusOr<std::unique_ptr<Layer>> CudaBackend::CreateFeedForward(const LinearSpec& first,
                                                                      ActivationKind activation,
                                                                      const LinearSpec& second,
                                                                      const Shape& input) const {
  return CreateCudaFeedForward(first, activation, second, input, options_);
}

absl::Status CudaBackend::Add(KernelStream stream, const Shape& shape, const std::byte* a, const std::byte* b,
                              std::byte* sum) const {
  BATON_RETURN_IF_ERROR(CheckPrecision(shape, options_.ElementType()));
  return LaunchAdd(stream, shape.type(), shape.NumElements(), a, b, sum);
}

std::unique_ptr<Optimizer> CudaBackend::CreateOptimizer(std::vector<OptimizedParameter> parameters) const {
  return CreateCudaOptimizer(std::move(parameters));
}

}  // namespace baton
