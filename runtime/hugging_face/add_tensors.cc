// Names and shapes of linear layers and norms; labels of classes.
#include "runtime/hugging_face/add_tensors.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace baton {
namespace {

constexpr int64_t kMostClasses = int64_t{1} << 20;

}  // namespace

void AddNorm(const std::string& theirs, const std::string& ours, int64_t width, TensorTable& table) {
  for (const char* kind : {".weight", ".bias"}) table.tensors.push_back({theirs + kind, {width}, ours + kind});
}

void AddLinear(const std::string& theirs, const std::string& ours, int64_t inputs, int64_t outputs,
               TensorTable& table) {
  table.tensors.push_back({theirs + ".weight", {outputs, inputs}, ours + ".weight"});
  table.tensors.push_back({theirs + ".bias", {outputs}, ours + ".bias"});
}

void AddQueryKeyValue(const std::string& prefix, const std::string& ours, int64_t width, bool bias,
                      TensorTable& table) {
  int64_t row = 0;
  for (const char* part : {"query", "key", "value"}) {
    table.tensors.push_back({absl::StrCat(prefix, part, ".weight"), {width, width}, ours + ".weight", row});
    if (bias) table.tensors.push_back({absl::StrCat(prefix, part, ".bias"), {width}, ours + ".bias", row});
    row += width;
  }
}

absl::StatusOr<int64_t> ReadNumLabels(const ConfigFields& fields) {
  const nlohmann::json& labels = fields.Any("id2label");
  if (labels.is_null()) {
    return fields.Has("num_labels") ? fields.Whole("num_labels", 2, kMostClasses) : absl::StatusOr<int64_t>(2);
  }
  if (!labels.is_object() || labels.size() < 2 || labels.size() > kMostClasses) {
    return fields.Wrong("id2label", absl::StrCat("does not name 2 to ", kMostClasses, " classes"));
  }
  return static_cast<int64_t>(labels.size());
}

void WriteLabels(int64_t classes, nlohmann::json& config) {
  nlohmann::json labels = nlohmann::json::object(), ids = nlohmann::json::object();
  for (int64_t i = 0; i < classes; ++i) {
    const std::string label = absl::StrCat("LABEL_", i);
    labels[absl::StrCat(i)] = label;
    ids[label] = i;
  }
  config["id2label"] = labels;
  config["label2id"] = ids;
}

}  // namespace baton
