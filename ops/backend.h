// A backend makes the primitive layers for one kind of device and updates parameters on it. Implemented by ops/host
// (oneDNN), ops/reference (plain loops) and ops/cuda; every one passes tests/conformance.
#ifndef BATON_OPS_BACKEND_H_
#define BATON_OPS_BACKEND_H_

#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "ops/layers/layer.h"
#include "ops/layers/spec.h"

namespace baton {

// One parameter's AdamW update (Loshchilov and Hutter 2019, algorithm 2):
//   g ← gradient_scale · gradient;  m ← β₁ m + (1 − β₁) g;  v ← β₂ v + (1 − β₂) g²
//   w ← w − learning_rate · (m̂ / (√v̂ + ε) + weight_decay · w);  gradient ← 0
struct AdamWArguments {
  std::byte* values;        // [n] f32
  std::byte* gradients;     // [n] f32
  std::byte* first_moment;  // [n] f32
  std::byte* second_moment;
  int64_t num_elements;
  double learning_rate;
  double beta1;
  double beta2;
  double epsilon;
  double weight_decay;
  double gradient_scale;  // of clipping
  int64_t step;           // from 1; corrects the moments' bias
};

// Thread contract: stateless; any thread.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string_view name() const = 0;

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

  // sum ← a + b, element by element, `shape`'s type; sum may be a or b.
  virtual absl::Status Add(KernelStream stream, const Shape& shape, const std::byte* a, const std::byte* b,
                           std::byte* sum) const = 0;
  // *result ← Σ values², summed in an order that depends on num_elements alone.
  virtual absl::Status SquaredNorm(KernelStream stream, const std::byte* values, int64_t num_elements,
                                   double* result) const = 0;
  virtual absl::Status AdamW(KernelStream stream, const AdamWArguments& arguments) const = 0;
};

}  // namespace baton

#endif  // BATON_OPS_BACKEND_H_
