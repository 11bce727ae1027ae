// Checks of the CUDA layers. Used only by the .cc files of ops/cuda.
#ifndef BATON_OPS_CUDA_SUPPORT_H_
#define BATON_OPS_CUDA_SUPPORT_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "ops/tensor/shape.h"
#include "ops/tensor/views.h"

namespace baton {

// Errors: InvalidArgument unless the input's type is the backend's precision.
inline absl::Status CheckPrecision(const Shape& input, DataType precision) {
  if (input.type() == precision) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("input: ", input.ToString(), " is not ",
                                                 Shape(precision, {1}).ToString().substr(4),
                                                 ", the precision of this CUDA backend"));
}

// Errors: InvalidArgument, naming the layer, if `rows` does not fit the kernels' 31-bit index.
inline absl::Status CheckRows(const char* layer, int64_t rows) {
  constexpr int64_t kMost = 2147483647;
  if (rows <= kMost) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(layer, ": ", rows, " rows are above the CUDA backend's limit, ", kMost));
}

}  // namespace baton

#endif  // BATON_OPS_CUDA_SUPPORT_H_
