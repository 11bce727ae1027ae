// A backend makes the primitive layers for one kind of device and updates parameters on it. Implemented by ops/host
// (oneDNN), ops/reference (plain loops) and ops/cuda; every one passes tests/conformance.
#ifndef BATON_OPS_BACKEND_H_
#define BATON_OPS_BACKEND_H_

#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "ops/layers/layer.h"
#include "ops/layers/spec.h"
#include "ops/optimizer/optimizer.h"

namespace baton {

// Thread contract: stateless; any thread.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string_view name() const = 0;
  // The type of activations, and of parameters as layers read them.
  virtual DataType precision() const { return DataType::kFloat32; }

  // Layers for inputs of `input`'s shape (one micro-batch). Errors: InvalidArgument if the shape does not fit the spec.
  virtual absl::StatusOr<std::unique_ptr<Layer>> CreateLinear(const LinearSpec& spec, const Shape& input) const = 0;
  virtual absl::StatusOr<std::unique_ptr<Layer>> CreateEmbedding(const EmbeddingSpec& spec,
                                                                 const Shape& input) const = 0;
  virtual absl::StatusOr<std::unique_ptr<Layer>> CreateLayerNorm(const LayerNormSpec& spec,
                                                                 const Shape& input) const = 0;
  virtual absl::StatusOr<std::unique_ptr<Layer>> CreateActivation(const ActivationSpec& spec,
                                                                  const Shape& input) const = 0;
  virtual absl::StatusOr<std::unique_ptr<Layer>> CreateCausalAttention(const CausalAttentionSpec& spec,
                                                                       const Shape& input) const = 0;
  virtual absl::StatusOr<std::unique_ptr<Layer>> CreateCrossEntropy(const CrossEntropySpec& spec,
                                                                    const Shape& input) const = 0;

  // `first`, an activation and `second` as one layer that is faster than the three, with the parameters of both. Null
  // if the backend has none: then they are made one by one. Errors: as above.
  virtual absl::StatusOr<std::unique_ptr<Layer>> CreateFeedForward(const LinearSpec& first, ActivationKind activation,
                                                                   const LinearSpec& second, const Shape& input) const {
    return std::unique_ptr<Layer>();
  }

  // sum ← a + b, element by element, `shape`'s type; sum may be a or b.
  virtual absl::Status Add(KernelStream stream, const Shape& shape, const std::byte* a, const std::byte* b,
                           std::byte* sum) const = 0;
  // The update of `parameters`, a chunk's. They must outlive it.
  virtual std::unique_ptr<Optimizer> CreateOptimizer(std::vector<OptimizedParameter> parameters) const = 0;
};

}  // namespace baton

#endif  // BATON_OPS_BACKEND_H_
