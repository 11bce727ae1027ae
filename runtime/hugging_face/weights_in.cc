// Opens the files, matches their tensors with the model's table, then reads by it.
#include "runtime/hugging_face/weights_in.h"

#include <cstring>
#include <filesystem>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/printable.h"
#include "base/status.h"
#include "runtime/hugging_face/model_text.h"
#include "runtime/hugging_face/shard_index.h"

namespace baton {
namespace {

constexpr char kOneFile[] = "model.safetensors";
constexpr char kIndex[] = "model.safetensors.index.json";

bool Exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

std::string ShapeText(const std::vector<int64_t>& shape) { return absl::StrCat("[", absl::StrJoin(shape, ", "), "]"); }

bool IsFloat(const std::string& dtype) { return dtype == "F32" || dtype == "BF16" || dtype == "F16"; }

}  // namespace

bool IsHuggingFaceFolder(const std::string& folder) {
  for (const char* file : {kOneFile, kIndex, "config.json"}) {
    if (Exists(absl::StrCat(folder, "/", file))) return true;
  }
  return false;
}

absl::StatusOr<std::unique_ptr<HuggingFaceWeights>> HuggingFaceWeights::Open(const std::string& path,
                                                                             const proto::Model& model) {
  std::unique_ptr<HuggingFaceWeights> weights(new HuggingFaceWeights(path));
  BATON_RETURN_IF_ERROR(weights->OpenFiles());
  BATON_RETURN_IF_ERROR(weights->Match(TensorTableOf(model)));
  return weights;
}

absl::Status HuggingFaceWeights::OpenFiles() {
  std::error_code ignored;
  if (!std::filesystem::is_directory(path_, ignored)) return OpenFile(path_);
  const std::string one = absl::StrCat(path_, "/", kOneFile), index = absl::StrCat(path_, "/", kIndex);
  if (Exists(one)) return OpenFile(one);
  if (Exists(index)) return OpenShards(index);
  return absl::InvalidArgumentError(absl::StrCat(path_, ": there is neither ", kOneFile, " nor ", kIndex));
}

absl::Status HuggingFaceWeights::OpenFile(const std::string& path) {
  auto file = SafetensorsFile::Open(path);
  if (!file.ok()) return absl::InvalidArgumentError(file.status().message());
  files_.push_back(*std::move(file));
  for (const StoredTensor& tensor : files_.back()->tensors()) {
    if (!stored_.emplace(tensor.name, Stored{files_.back().get(), &tensor}).second) {
      return Wrong(tensor.name, absl::StrCat("is in two files, of which one is ", path));
    }
  }
  return absl::OkStatus();
}

absl::Status HuggingFaceWeights::OpenShards(const std::string& index) {
  BATON_ASSIGN_OR_RETURN(const std::string text, ReadModelText(index));
  BATON_ASSIGN_OR_RETURN(const ShardIndex shards, ParseShardIndex(text, index));
  for (const std::string& file : shards.files) BATON_RETURN_IF_ERROR(OpenFile(absl::StrCat(path_, "/", file)));
  for (const auto& [name, file] : shards.file_of_tensor) {
    const auto found = stored_.find(name);
    const std::string path = absl::StrCat(path_, "/", file);
    if (found == stored_.end() || found->second.file->path() != path) {
      return absl::InvalidArgumentError(absl::StrCat(index, ": weight_map says that \"", Printable(name), "\" is in ",
                                                     Printable(file), ", which does not have it"));
    }
  }
  for (const auto& [name, stored] : stored_) {
    if (shards.file_of_tensor.count(name) > 0) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(index, ": weight_map has no \"", Printable(name), "\", which is in ", stored.file->path()));
  }
  return absl::OkStatus();
}

absl::Status HuggingFaceWeights::Wrong(const std::string& tensor, absl::string_view what) const {
  const auto found = stored_.find(tensor);
  return absl::InvalidArgumentError(absl::StrCat(found == stored_.end() ? path_ : found->second.file->path(),
                                                 ": tensor \"", Printable(tensor), "\" ", what));
}

absl::Status HuggingFaceWeights::CheckTensor(const NamedTensor& tensor, const std::string& stored_name) const {
  const auto found = stored_.find(stored_name);
  if (found == stored_.end()) return Wrong(stored_name, absl::StrCat("is missing: ", ShapeText(tensor.shape)));
  const StoredTensor& stored = *found->second.tensor;
  if (!IsFloat(stored.dtype)) {
    return Wrong(stored_name, absl::StrCat("has type ", stored.dtype, ", which is not one of F32, BF16, F16"));
  }
  if (stored.extents == tensor.shape) return absl::OkStatus();
  return Wrong(stored_name, absl::StrCat("is ", ShapeText(stored.extents), ", but must be ", ShapeText(tensor.shape)));
}

absl::Status HuggingFaceWeights::Match(TensorTable table) {
  // A file of the model without its head has the names without the prefix.
  bool has_prefix = false;
  for (const auto& [name, stored] : stored_) has_prefix |= absl::StartsWith(name, table.prefix);
  const auto in_file = [&](const std::string& name) {
    return has_prefix || !absl::StartsWith(name, table.prefix) ? name : name.substr(table.prefix.size());
  };
  std::set<std::string> known;
  std::map<std::string, const NamedTensor*> by_name;
  for (NamedTensor& tensor : table.tensors) {
    const std::string name = in_file(tensor.name);
    BATON_RETURN_IF_ERROR(CheckTensor(tensor, name));
    known.insert(name);
    by_name[tensor.name] = &tensor;
  }
  for (const auto& [alias, name] : table.aliases) {
    if (stored_.count(alias) == 0) continue;
    BATON_RETURN_IF_ERROR(CheckTensor(*by_name.at(name), alias));
    known.insert(alias);
    aliases_[in_file(name)] = alias;
  }
  std::vector<std::string> unknown;
  for (const auto& [name, stored] : stored_) {
    const size_t prefix = absl::StartsWith(name, table.prefix) ? table.prefix.size() : 0;
    const bool is_passed_over = table.passed_over != nullptr && table.passed_over(name.substr(prefix));
    if (known.count(name) == 0 && !is_passed_over) unknown.push_back(name);
  }
  if (!unknown.empty()) {
    const std::string more = unknown.size() > 1 ? absl::StrCat(", nor ", unknown.size() - 1, " more in the file") : "";
    return Wrong(unknown.front(), absl::StrCat("is not one of the model's", more));
  }
  for (NamedTensor& tensor : table.tensors) {
    tensor.name = in_file(tensor.name);
    tensors_[tensor.parameter].push_back(std::move(tensor));
  }
  return absl::OkStatus();
}

absl::Status HuggingFaceWeights::CheckAlias(const std::string& name, const float* values, int64_t count) const {
  const auto found = aliases_.find(name);
  if (found == aliases_.end()) return absl::OkStatus();
  const Stored& stored = stored_.at(found->second);
  std::vector<float> other(static_cast<size_t>(count));
  BATON_RETURN_IF_ERROR(stored.file->ReadFloats(*stored.tensor, other.data()));
  if (std::memcmp(other.data(), values, other.size() * sizeof(float)) == 0) return absl::OkStatus();
  return Wrong(found->second, absl::StrCat("differs from \"", name, "\", though the model ties them"));
}

absl::Status HuggingFaceWeights::Read(const std::string& parameter, const Shape& shape, std::byte* values) const {
  const auto found = tensors_.find(parameter);
  float* const elements = reinterpret_cast<float*>(values);
  const int64_t row = shape.empty() ? 1 : shape.NumElements() / shape[0];
  int64_t read = 0;
  if (found != tensors_.end() && shape.type() == DataType::kFloat32) {
    for (const NamedTensor& tensor : found->second) {
      const Stored& stored = stored_.at(tensor.name);
      const int64_t count = Shape(DataType::kFloat32, tensor.shape).NumElements();
      float* const to = elements + tensor.first_row * row;
      if (tensor.first_row * row + count > shape.NumElements()) break;
      read += count;
      if (!tensor.transposed) {
        BATON_RETURN_IF_ERROR(stored.file->ReadFloats(*stored.tensor, to));
        BATON_RETURN_IF_ERROR(CheckAlias(tensor.name, to, count));
        continue;
      }
      std::vector<float> columns(static_cast<size_t>(count));
      BATON_RETURN_IF_ERROR(stored.file->ReadFloats(*stored.tensor, columns.data()));
      const int64_t inputs = tensor.shape[0], outputs = tensor.shape[1];
      for (int64_t output = 0; output < outputs; ++output) {
        for (int64_t input = 0; input < inputs; ++input)
          to[output * inputs + input] = columns[input * outputs + output];
      }
    }
  }
  if (read == shape.NumElements()) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat("parameter ", parameter, " ", shape.ToString(), " has ", read, " elements in the table of tensors"));
}

}  // namespace baton
