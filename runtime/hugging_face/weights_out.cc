// Looks each tensor of the table up among the parameters.
#include "runtime/hugging_face/weights_out.h"

#include <filesystem>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/durable_file.h"
#include "base/status.h"
#include "base/write_file.h"
#include "runtime/hugging_face/config.h"
#include "runtime/hugging_face/tensor_table.h"

namespace baton {
namespace {

namespace fs = std::filesystem;

// The files that make a tokenizer, as save_pretrained names them.
constexpr const char* kTokenizerFiles[] = {"tokenizer.json", "tokenizer_config.json",   "vocab.json",
                                           "merges.txt",     "special_tokens_map.json", "added_tokens.json",
                                           "vocab.txt",      "generation_config.json",  "preprocessor_config.json"};

absl::Status SystemError(const std::error_code& error, const std::string& path, const char* what) {
  return absl::ErrnoToStatus(error.value(), absl::StrCat(path, ": ", what));
}

absl::Status CopyTokenizer(const std::string& tokenizer, const std::string& folder) {
  if (tokenizer.empty()) return absl::OkStatus();
  std::error_code error;
  const bool is_folder = fs::is_directory(tokenizer, error);
  for (const char* name : kTokenizerFiles) {
    const std::string from = is_folder ? absl::StrCat(tokenizer, "/", name) : tokenizer;
    if (!is_folder && std::string(name) != "tokenizer.json") break;
    if (!fs::is_regular_file(from, error)) continue;
    const std::string to = absl::StrCat(folder, "/", name);
    fs::copy_file(from, to, fs::copy_options::overwrite_existing, error);
    if (error) return SystemError(error, to, "cannot be written");
    BATON_RETURN_IF_ERROR(SyncFile(to));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<TensorToWrite>> ToHuggingFace(const proto::Model& model,
                                                         std::vector<TensorToWrite> weights) {
  const TensorTable table = TensorTableOf(model);
  if (table.tensors.empty()) return weights;
  std::map<std::string, const TensorToWrite*> parameters;
  for (const TensorToWrite& weight : weights) parameters[weight.name] = &weight;
  int64_t covered = 0, all = 0;
  for (const TensorToWrite& weight : weights) all += weight.shape.NumElements();
  std::vector<TensorToWrite> tensors;
  for (const NamedTensor& tensor : table.tensors) {
    const auto found = parameters.find(tensor.parameter);
    const Shape shape(DataType::kFloat32, tensor.shape);
    if (found == parameters.end() || found->second->shape.type() != DataType::kFloat32) {
      return absl::InternalError(absl::StrCat("the model has no parameter ", tensor.parameter));
    }
    const Shape& whole = found->second->shape;
    const int64_t begin = tensor.first_row * (whole.NumElements() / whole[0]);
    if (begin + shape.NumElements() > whole.NumElements()) {
      return absl::InternalError(absl::StrCat(tensor.name, " is larger than parameter ", tensor.parameter));
    }
    covered += shape.NumElements();
    tensors.push_back({tensor.name, shape, found->second->data + begin * sizeof(float), tensor.transposed});
  }
  if (covered == all) return tensors;
  return absl::InternalError(absl::StrCat("the table of tensors has ", covered, " of ", all, " elements"));
}

absl::StatusOr<bool> WriteHuggingFaceFolder(const std::string& folder, const proto::Model& model,
                                            std::vector<TensorToWrite> weights, const std::string& tokenizer) {
  const auto config = WriteHuggingFaceConfig(model);
  if (absl::IsUnimplemented(config.status())) return false;
  BATON_RETURN_IF_ERROR(config.status());
  BATON_ASSIGN_OR_RETURN(std::vector<TensorToWrite> tensors, ToHuggingFace(model, std::move(weights)));
  const std::string partial = folder + ".partial";
  std::error_code error;
  fs::remove_all(partial, error);
  fs::create_directory(partial, error);
  if (error) return SystemError(error, partial, "cannot be made");
  BATON_RETURN_IF_ERROR(WriteFile(partial + "/config.json", *config));
  BATON_RETURN_IF_ERROR(CopyTokenizer(tokenizer, partial));
  BATON_RETURN_IF_ERROR(WriteSafetensors(partial + "/model.safetensors", std::move(tensors)));
  fs::remove_all(folder, error);
  if (error) return SystemError(error, folder, "cannot be replaced");
  fs::rename(partial, folder, error);
  if (error) return SystemError(error, folder, "cannot be written");
  BATON_RETURN_IF_ERROR(SyncFolder(fs::absolute(folder).parent_path().string()));
  return true;
}

}  // namespace baton
