// The embedded default backend: CPUs, by oneDNN where it has the operation and own vectorised loops where not. Used by
// whoever trains on the host; checked against ReferenceBackend by tests/conformance.
#ifndef BATON_OPS_HOST_HOST_BACKEND_H_
#define BATON_OPS_HOST_HOST_BACKEND_H_

#include <memory>
#include <string_view>
#include <vector>

#include "ops/backend.h"

namespace baton {

// Computes in f32; every call runs on the calling thread alone and before it returns, and gives the same bits for the
// same shapes and inputs, whatever the thread and the addresses. Thread contract: stateless; any thread.
class HostBackend final : public Backend {
 public:
  // Each call of its layers runs products, activations and the like on `threads` threads, at least 1; element-wise work
  // is the calling thread's. The same number gives the same bits.
  explicit HostBackend(int threads = 1) : threads_(threads) {}

  std::string_view name() const override { return "host"; }

  // Errors beside Backend's: InvalidArgument for inputs that are not f32; Internal if oneDNN fails.
  absl::StatusOr<std::unique_ptr<Layer>> CreateLinear(const LinearSpec& spec, const Shape& input) const override;
  absl::StatusOr<std::unique_ptr<Layer>> CreateEmbedding(const EmbeddingSpec& spec, const Shape& input) const override;
  absl::StatusOr<std::unique_ptr<Layer>> CreateLayerNorm(const LayerNormSpec& spec, const Shape& input) const override;
  absl::StatusOr<std::unique_ptr<Layer>> CreateActivation(const ActivationSpec& spec,
                                                          const Shape& input) const override;
  absl::StatusOr<std::unique_ptr<Layer>> CreateCausalAttention(const CausalAttentionSpec& spec,
                                                               const Shape& input) const override;
  absl::StatusOr<std::unique_ptr<Layer>> CreateCrossEntropy(const CrossEntropySpec& spec,
                                                            const Shape& input) const override;

  absl::Status Add(KernelStream stream, const Shape& shape, const std::byte* a, const std::byte* b,
                   std::byte* sum) const override;
  std::unique_ptr<Optimizer> CreateOptimizer(std::vector<OptimizedParameter> parameters) const override;

 private:
  const int threads_;
};

}  // namespace baton

#endif  // BATON_OPS_HOST_HOST_BACKEND_H_
