// Finds the class that config.json names.
#include "runtime/hugging_face/config.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/json_object.h"
#include "base/printable.h"
#include "base/status.h"
#include "runtime/hugging_face/families.h"
#include "runtime/hugging_face/model_text.h"

namespace baton {
namespace {

// The class by model_type, or by architectures where there is no model_type. Both must agree.
absl::StatusOr<const PretrainedClass*> ClassOf(const ConfigFields& fields) {
  std::vector<std::string> types, architectures;
  for (const PretrainedClass& each : PretrainedClasses()) {
    types.push_back(each.model_type);
  }
  const nlohmann::json& given = fields.Any("architectures");
  if (!given.is_null() && !(given.is_array() && given.size() == 1 && given[0].is_string())) {
    return fields.Wrong("architectures", "must be a list of one name");
  }
  const std::string architecture = given.is_null() ? "" : given[0].get<std::string>();
  if (!fields.Has("model_type") && architecture.empty()) {
    return fields.Wrong("model_type", absl::StrCat("is missing: one of ", absl::StrJoin(types, ", ")));
  }
  std::string type;
  if (fields.Has("model_type")) {
    BATON_ASSIGN_OR_RETURN(type, fields.Text("model_type"));
  }
  bool is_known = type.empty();
  for (const PretrainedClass& each : PretrainedClasses()) {
    if (!type.empty() && type != each.model_type) continue;
    is_known = true;
    architectures.push_back(each.architecture);
    if (architecture.empty() || architecture == each.architecture) return &each;
  }
  if (!is_known) return fields.Wrong("model_type", absl::StrCat("is not one of ", absl::StrJoin(types, ", ")));
  return absl::InvalidArgumentError(
      absl::StrCat(fields.name(), ": architectures: \"", Printable(architecture), "\" is not ",
                   type.empty() ? "one of " : "the class of its model_type: ", absl::StrJoin(architectures, ", ")));
}

}  // namespace

absl::StatusOr<proto::Model> ParseHuggingFaceConfig(absl::string_view text, const std::string& name) {
  BATON_ASSIGN_OR_RETURN(const nlohmann::json json, ParseJsonObject(text, absl::StrCat(name, ": the file")));
  const ConfigFields fields(json, name);
  BATON_ASSIGN_OR_RETURN(const PretrainedClass* const found, ClassOf(fields));
  if (fields.Has("quantization_config")) return fields.Wrong("quantization_config", "is given, but Baton reads floats");
  proto::Model model;
  BATON_RETURN_IF_ERROR(found->read(fields, found->model_type, model));
  return model;
}

absl::StatusOr<proto::Model> ReadHuggingFaceConfig(const std::string& folder) {
  const std::string path = absl::StrCat(folder, "/config.json");
  BATON_ASSIGN_OR_RETURN(const std::string text, ReadModelText(path));
  return ParseHuggingFaceConfig(text, path);
}

absl::StatusOr<std::string> WriteHuggingFaceConfig(const proto::Model& model) {
  const ModelFamily* const family = FamilyOf(model);
  if (family == nullptr) return absl::UnimplementedError("transformers has no class for this kind of model");
  BATON_ASSIGN_OR_RETURN(const nlohmann::json config, family->write(model));
  return config.dump(2) + "\n";
}

}  // namespace baton
