// The default backend, for CPUs: oneDNN where it has the operation, else Baton's own vectorised loops. Used for
// `devices { backend: HOST }`; checked against ReferenceBackend by tests/conformance.
#ifndef BATON_OPS_HOST_HOST_BACKEND_H_
#define BATON_OPS_HOST_HOST_BACKEND_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ops/backend.h"
#include "ops/host/host_options.h"

namespace baton {

// True if this processor multiplies bf16 by instructions of its own. Others emulate it, slower than f32.
bool HostHasBFloat16();

// Computes in f32, or as the options say. Stream: unused; a call does its work before it returns. The same shapes,
// inputs and number of threads give the same bits, on any calling thread and at any addresses. Thread contract:
// stateless; any thread.
class HostBackend final : public Backend {
 public:
  // `threads`, at least 1: the threads that a call uses, the calling one included.
  explicit HostBackend(int threads = 1) : HostBackend(HostOptions{threads}) {}
  explicit HostBackend(const HostOptions& options) : options_(options) {}

  std::string_view name() const override { return "host"; }
  std::string platform() const override;
  bool rounds_parameters() const override { return options_.rounds_parameters; }

  // Errors besides Backend's: InvalidArgument for inputs that are not f32; Internal if oneDNN fails.
  absl::StatusOr<std::unique_ptr<Layer>> Create(const LayerSpec& spec, const Shape& input) const override;

  absl::StatusOr<std::unique_ptr<Layer>> CreateFeedForward(const LinearSpec& first, ActivationKind activation,
                                                           const LinearSpec& second, const Shape& input) const override;

  absl::StatusOr<std::unique_ptr<Layer>> CreateHeadLoss(const LinearSpec& head, const CrossEntropySpec& loss,
                                                        const Shape& input) const override;

  absl::Status Add(KernelStream stream, const Shape& shape, const std::byte* a, const std::byte* b,
                   std::byte* sum) const override;
  std::unique_ptr<Optimizer> CreateOptimizer(std::vector<OptimizedParameter> parameters) const override;

 private:
  const HostOptions options_;
};

}  // namespace baton

#endif  // BATON_OPS_HOST_HOST_BACKEND_H_
