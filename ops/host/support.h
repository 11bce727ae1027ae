// Checks of the host's layers. Used only by the .cc files of ops/host.
#ifndef BATON_OPS_HOST_SUPPORT_H_
#define BATON_OPS_HOST_SUPPORT_H_

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "ops/tensor/shape.h"
#include "ops/tensor/views.h"

namespace baton {

// Errors: InvalidArgument unless the input is f32.
inline absl::Status CheckFloat32(const Shape& input) {
  if (input.type() == DataType::kFloat32) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("input: ", input.ToString(), " is not f32, the only type of the host backend"));
}

}  // namespace baton

#endif  // BATON_OPS_HOST_SUPPORT_H_
