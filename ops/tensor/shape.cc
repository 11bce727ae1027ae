// Formats shapes.
#include "ops/tensor/shape.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace baton {

std::string Shape::ToString() const {
  const char* const type = type_ == DataType::kFloat32    ? "f32"
                           : type_ == DataType::kFloat64  ? "f64"
                           : type_ == DataType::kBFloat16 ? "bf16"
                                                          : "i32";
  return absl::StrCat("[", absl::StrJoin(extents_, ", "), "] ", type);
}

}  // namespace baton
