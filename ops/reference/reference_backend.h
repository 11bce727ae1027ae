// The oracle of the conformance suite: every operation as plain readable loops, in float or double. tests/conformance
// compares the other backends with it and checks it by finite differences. Nothing trains with it.
#ifndef BATON_OPS_REFERENCE_REFERENCE_BACKEND_H_
#define BATON_OPS_REFERENCE_REFERENCE_BACKEND_H_

#include <memory>
#include <string_view>
#include <vector>

#include "ops/backend.h"

namespace baton {

// Layers compute in their input's type. Stream: unused; a call does its work before it returns. Unlike other backends'
// layers, these may allocate in every call. Thread contract: stateless; any thread.
class ReferenceBackend final : public Backend {
 public:
  // `embedding_type`: the type of an embedding's output, kFloat32 or kFloat64.
  explicit ReferenceBackend(DataType embedding_type = DataType::kFloat32) : embedding_type_(embedding_type) {}

  std::string_view name() const override { return "reference"; }

  absl::StatusOr<std::unique_ptr<Layer>> Create(const LayerSpec& spec, const Shape& input) const override;

  absl::Status Add(KernelStream stream, const Shape& shape, const std::byte* a, const std::byte* b,
                   std::byte* sum) const override;
  std::unique_ptr<Optimizer> CreateOptimizer(std::vector<OptimizedParameter> parameters) const override;

 private:
  const DataType embedding_type_;
};

}  // namespace baton

#endif  // BATON_OPS_REFERENCE_REFERENCE_BACKEND_H_
