// Layers of 16 bits that have sizes and FLOPs but cannot run: for predictions of GPUs where their backend is not at
// hand, or does not cut the layers that a job cuts. Used by runtime/machine.
//
//   const SizedBackend backend;
//   BATON_ASSIGN_OR_RETURN(const auto layer, BuildLayer(backend, spec, input));
//   layer->output_shape().type();  // kBFloat16
#ifndef BATON_OPS_SIZED_SIZED_BACKEND_H_
#define BATON_OPS_SIZED_SIZED_BACKEND_H_

#include <memory>

#include "ops/backend.h"
#include "ops/host/host_backend.h"

namespace baton {

// Shapes, parameters, FLOPs and what is saved are those of the host's layers, with activations and the parameters that
// layers read in bf16. What the host saves besides activations (norms' statistics, log-sums of attention) stays f32, as
// on GPUs.
//
// Thread contract: stateless; any thread.
class SizedBackend : public Backend {
 public:
  // `rounds_parameters`: see Backend::rounds_parameters.
  explicit SizedBackend(bool rounds_parameters = false) : rounds_parameters_(rounds_parameters) {}

  std::string_view name() const override { return "sized"; }
  DataType precision() const override { return DataType::kBFloat16; }
  bool rounds_parameters() const override { return rounds_parameters_; }
  // The layer's passes return FailedPrecondition. Errors: those of the host's Create.
  absl::StatusOr<std::unique_ptr<Layer>> Create(const LayerSpec& spec, const Shape& input) const override;
  // Errors: FailedPrecondition, always.
  absl::Status Add(KernelStream stream, const Shape& shape, const std::byte* a, const std::byte* b,
                   std::byte* sum) const override;
  // Null: nothing is ever updated.
  std::unique_ptr<Optimizer> CreateOptimizer(std::vector<OptimizedParameter> parameters) const override {
    return nullptr;
  }

 private:
  const bool rounds_parameters_;
  const HostBackend host_;
};

}  // namespace baton

#endif  // BATON_OPS_SIZED_SIZED_BACKEND_H_
