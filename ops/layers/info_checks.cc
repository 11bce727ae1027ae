// Checks of positive fields, sizes and inputs.
#include "ops/layers/info_checks.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"

namespace baton {

absl::Status CheckPositive(const char* field, int64_t value) {
  if (value > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", value, " is not positive"));
}

// Computed in double, which does not overflow.
absl::Status CheckNumElements(const std::string& what, const std::vector<int64_t>& extents) {
  constexpr double kLargest = 34359738368.0;  // 2³⁵: 128 GiB of floats
  double product = 1;
  for (int64_t extent : extents) product *= static_cast<double>(extent);
  if (product <= kLargest) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(what, ": ", absl::StrJoin(extents, " x "),
                                                 " elements are more than one tensor may have, 34359738368"));
}

absl::StatusOr<LayerInfo> CheckSizes(const std::string& layer, LayerInfo info) {
  BATON_RETURN_IF_ERROR(CheckNumElements(layer + " output", info.output_shape.extents()));
  for (const ParameterSpec& parameter : info.parameters) {
    BATON_RETURN_IF_ERROR(CheckNumElements(parameter.name, parameter.shape.extents()));
  }
  return info;
}

absl::Status CheckFloatInput(const std::string& layer, const Shape& input) {
  BATON_RETURN_IF_ERROR(CheckNumElements(layer + " input", input.extents()));
  if (input.type() == DataType::kInt32) {
    return absl::InvalidArgumentError(absl::StrCat(layer, ": input ", input.ToString(), " is not floating-point"));
  }
  if (input.NumElements() <= 0) {
    return absl::InvalidArgumentError(absl::StrCat(layer, ": input ", input.ToString(), " has no elements"));
  }
  return absl::OkStatus();
}

absl::Status CheckLastExtent(const std::string& layer, const Shape& input, const char* field, int64_t expected) {
  if (input.extents().back() == expected) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(layer, ".", field, ": ", expected, " is not the last extent of the input ", input.ToString()));
}

DataType ParameterType(DataType type) { return type == DataType::kBFloat16 ? DataType::kFloat32 : type; }

Shape WithLastExtent(const Shape& shape, int64_t extent) {
  std::vector<int64_t> extents = shape.extents();
  extents.back() = extent;
  return Shape(shape.type(), std::move(extents));
}

}  // namespace baton
