// Checks that the functions of layer_info.h share. Used only by the .cc files beside it. Errors: InvalidArgument that
// names the layer's field, its value and what is allowed.
#ifndef BATON_OPS_LAYERS_INFO_CHECKS_H_
#define BATON_OPS_LAYERS_INFO_CHECKS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ops/layers/layer_info.h"

namespace baton {

absl::Status CheckPositive(const char* field, int64_t value);
// Errors: for more than 2³⁵ elements, so that products and sums of sizes stay within 63 bits.
absl::Status CheckNumElements(const std::string& what, const std::vector<int64_t>& extents);
// Checks the sizes of the output and of the parameters.
absl::StatusOr<LayerInfo> CheckSizes(const std::string& layer, LayerInfo info);
// Checks the input of any layer except the embedding.
absl::Status CheckFloatInput(const std::string& layer, const Shape& input);
absl::Status CheckLastExtent(const std::string& layer, const Shape& input, const char* field, int64_t expected);
// The type of parameters' values: f32 if layers compute in bf16.
DataType ParameterType(DataType type);
Shape WithLastExtent(const Shape& shape, int64_t extent);

}  // namespace baton

#endif  // BATON_OPS_LAYERS_INFO_CHECKS_H_
