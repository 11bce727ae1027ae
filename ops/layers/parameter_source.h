// Where the values of parameters come from, by name. Implemented by ops/models/initialize.h (initial values). Used by
// runtime/train and profiling, which write the values to devices.
#ifndef BATON_OPS_LAYERS_PARAMETER_SOURCE_H_
#define BATON_OPS_LAYERS_PARAMETER_SOURCE_H_

#include <cstddef>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "ops/layers/layer.h"

namespace baton {

// Thread contract: one thread at a time.
class ParameterSource {
 public:
  virtual ~ParameterSource() = default;

  // Writes the values of the parameter that `spec` names: row-major, of spec.shape's type.
  // `values`: spec.shape.NumBytes() bytes, aligned for the type, in host memory.
  // Errors: those of the source; it names the parameter.
  virtual absl::Status Read(const ParameterSpec& spec, absl::Span<std::byte> values) = 0;
  // Instead of Read, for a parameter that this process does not use.
  virtual void Skip(const ParameterSpec& spec) {}
};

}  // namespace baton

#endif  // BATON_OPS_LAYERS_PARAMETER_SOURCE_H_
