// Adds tensors that several families name alike to their tables, and reads and writes the classes of classifiers. Used
// by bert.cc, vit.cc and resnet.cc.
#ifndef BATON_RUNTIME_HUGGING_FACE_ADD_TENSORS_H_
#define BATON_RUNTIME_HUGGING_FACE_ADD_TENSORS_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "runtime/hugging_face/config_fields.h"
#include "runtime/hugging_face/tensor_table.h"

namespace baton {

// THEIRS.weight: [width], THEIRS.bias: [width].
void AddNorm(const std::string& theirs, const std::string& ours, int64_t width, TensorTable& table);
// THEIRS.weight: [outputs, inputs], THEIRS.bias: [outputs].
void AddLinear(const std::string& theirs, const std::string& ours, int64_t inputs, int64_t outputs, TensorTable& table);
// The linear layers PREFIXquery, PREFIXkey and PREFIXvalue: [width, width] each, which are one layer here.
void AddQueryKeyValue(const std::string& prefix, const std::string& ours, int64_t width, bool bias, TensorTable& table);

// The classes by id2label, or by num_labels, or 2. Errors: InvalidArgument that names file and field.
absl::StatusOr<int64_t> ReadNumLabels(const ConfigFields& fields);
// Sets id2label and label2id, as transformers does for classes without names.
void WriteLabels(int64_t classes, nlohmann::json& config);

}  // namespace baton

#endif  // BATON_RUNTIME_HUGGING_FACE_ADD_TENSORS_H_
