// Casts and checks of the CUDA layers. Used by the .cc files of ops/cuda alone.
#ifndef BATON_OPS_CUDA_SUPPORT_H_
#define BATON_OPS_CUDA_SUPPORT_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "ops/tensor/shape.h"

namespace baton {

inline float* Floats(std::byte* bytes) { return reinterpret_cast<float*>(bytes); }
inline const float* Floats(const std::byte* bytes) { return reinterpret_cast<const float*>(bytes); }
inline int32_t* Ids(std::byte* bytes) { return reinterpret_cast<int32_t*>(bytes); }
inline const int32_t* Ids(const std::byte* bytes) { return reinterpret_cast<const int32_t*>(bytes); }

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
