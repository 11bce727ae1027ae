// Rotary positions on the host. Used only by HostBackend.
#ifndef BATON_OPS_HOST_ROTARY_H_
#define BATON_OPS_HOST_ROTARY_H_

#include <memory>

#include "absl/status/statusor.h"
#include "ops/layers/layer.h"
#include "ops/layers/spec.h"

namespace baton {

// Errors: RotaryInfo's; InvalidArgument unless the input is f32.
absl::StatusOr<std::unique_ptr<Layer>> CreateHostRotary(const RotarySpec& spec, const Shape& input, int threads);

}  // namespace baton

#endif  // BATON_OPS_HOST_ROTARY_H_
