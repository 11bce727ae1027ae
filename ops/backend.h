// A backend makes the primitive layers and the optimizer for one kind of device. Implemented by ops/host (oneDNN),
// ops/cuda and ops/reference (plain loops); each passes tests/conformance. Used by BuildLayer and runtime/train.
//
//   const HostBackend backend(/*threads=*/2);
//   BATON_ASSIGN_OR_RETURN(std::unique_ptr<Layer> layer, BuildLayer(backend, spec, input_shape));
//   layer->BindParameters(values, gradients);
//   std::unique_ptr<Optimizer> optimizer = backend.CreateOptimizer(parameters);
#ifndef BATON_OPS_BACKEND_H_
#define BATON_OPS_BACKEND_H_

#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "ops/layers/layer.h"
#include "ops/layers/parameter_layout.h"
#include "ops/layers/spec.h"
#include "ops/optimizer/optimizer.h"

namespace baton {

// For a backend's Create: the error for a spec that it does not make. `kind`: the spec's kKind.
inline absl::Status NoSuchLayer(const char* backend, const char* kind) {
  return absl::UnimplementedError(absl::StrCat(kind, ": the ", backend, " backend has no such layer"));
}

// Thread contract: stateless; any thread.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string_view name() const = 0;
  // The libraries and the kind of processor on which the bits of results depend, for people.
  virtual std::string platform() const { return std::string(name()); }
  // The type of activations and of the parameters that layers read.
  virtual DataType precision() const { return DataType::kFloat32; }
  // Whether parameters are numbers of bf16, to which each update rounds them; see OptimizedParameter::rounds.
  virtual bool rounds_parameters() const { return false; }
  ParameterFormat parameter_format() const { return {precision(), rounds_parameters()}; }

  // Makes a primitive layer for inputs of shape `input`, that of one micro-batch. The specs state shapes and formulas
  // (ops/layers/spec.h). Errors: InvalidArgument if the shape does not fit the spec; Unimplemented if the backend has
  // no such layer, and for composites, which BuildLayer makes.
  virtual absl::StatusOr<std::unique_ptr<Layer>> Create(const LayerSpec& spec, const Shape& input) const = 0;

  // Makes `first`, an activation and `second` as one layer that is faster than the three and has the parameters of
  // both. Returns null if the backend has no such layer; the caller then makes the three. Errors: as above.
  virtual absl::StatusOr<std::unique_ptr<Layer>> CreateFeedForward(const LinearSpec& first, ActivationKind activation,
                                                                   const LinearSpec& second, const Shape& input) const {
    return std::unique_ptr<Layer>();
  }

  // Makes a linear layer and the cross-entropy of its outputs as one layer that does not need all logits at once.
  // Returns null if the backend has no such layer or has no use for it; the caller then makes the two. Errors: as
  // above.
  virtual absl::StatusOr<std::unique_ptr<Layer>> CreateHeadLoss(const LinearSpec& head, const CrossEntropySpec& loss,
                                                                const Shape& input) const {
    return std::unique_ptr<Layer>();
  }

  // The calls with a stream enqueue on it; on the host they are done when they return.

  // sum ← a + b, element by element. a, b, sum: `shape`; sum may be a or b. Errors: InvalidArgument if the backend
  // computes neither activations nor gradients of parameters in shape.type().
  virtual absl::Status Add(KernelStream stream, const Shape& shape, const std::byte* a, const std::byte* b,
                           std::byte* sum) const = 0;
  // Copies between arrays in the device's memory that do not overlap.
  virtual absl::Status Copy(KernelStream stream, const std::byte* from, Bytes bytes, std::byte* to) const {
    std::memcpy(to, from, bytes);
    return absl::OkStatus();
  }
  // Fills with zeros.
  virtual absl::Status Zero(KernelStream stream, Bytes bytes, std::byte* data) const {
    std::memset(data, 0, bytes);
    return absl::OkStatus();
  }
  // Makes the optimizer of a chunk's `parameters`, whose memory must outlive it.
  virtual std::unique_ptr<Optimizer> CreateOptimizer(std::vector<OptimizedParameter> parameters) const = 0;
};

}  // namespace baton

#endif  // BATON_OPS_BACKEND_H_
