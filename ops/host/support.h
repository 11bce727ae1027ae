// Casts and checks that the host's layers share. Used by the .cc files of ops/host alone.
#ifndef BATON_OPS_HOST_SUPPORT_H_
#define BATON_OPS_HOST_SUPPORT_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "ops/tensor/shape.h"

namespace baton {

inline const float* Floats(const std::byte* bytes) { return reinterpret_cast<const float*>(bytes); }
inline float* Floats(std::byte* bytes) { return reinterpret_cast<float*>(bytes); }
inline const int32_t* Ids(const std::byte* bytes) { return reinterpret_cast<const int32_t*>(bytes); }
inline int32_t* Ids(std::byte* bytes) { return reinterpret_cast<int32_t*>(bytes); }

// Errors: InvalidArgument for another type.
inline absl::Status CheckFloat32(const Shape& input) {
  if (input.type() == DataType::kFloat32) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("input: ", input.ToString(), " is not f32, the only type of the host backend"));
}

}  // namespace baton

#endif  // BATON_OPS_HOST_SUPPORT_H_
