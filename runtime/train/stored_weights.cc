// One source for each kind of file.
#include "runtime/train/stored_weights.h"

#include <filesystem>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/checkpoint/checkpoint.h"
#include "runtime/checkpoint/safetensors.h"
#include "runtime/hugging_face/tensor_table.h"
#include "runtime/hugging_face/weights_in.h"

namespace baton {
namespace {

absl::Status WithField(const absl::Status& status) {
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrCat("run.initial_weights: ", status.message()));
}

// Keeps the names of parameters that were not read yet. File: SafetensorsFile or Checkpoint.
template <typename File>
class WeightsOf final : public StoredWeights {
 public:
  WeightsOf(std::unique_ptr<File> file, std::set<std::string> names)
      : file_(std::move(file)), unread_(std::move(names)) {}

  absl::Status Read(const ParameterSpec& spec, absl::Span<std::byte> values) override {
    unread_.erase(spec.name);
    return WithField(file_->Read(spec.name, spec.shape, values.data()));
  }

  void Skip(const ParameterSpec& spec) override { unread_.erase(spec.name); }

  absl::Status CheckAllRead() const override {
    if (unread_.empty()) return absl::OkStatus();
    const std::string more = unread_.size() > 1 ? absl::StrCat(" and ", unread_.size() - 1, " more") : "";
    return absl::InvalidArgumentError(
        absl::StrCat("run.initial_weights: the model has no tensor \"", *unread_.begin(), "\"", more));
  }

 private:
  const std::unique_ptr<File> file_;
  std::set<std::string> unread_;
};

// Open has checked that the files have what the model has, and no more.
class WeightsOfHuggingFace final : public StoredWeights {
 public:
  explicit WeightsOfHuggingFace(std::unique_ptr<HuggingFaceWeights> weights) : weights_(std::move(weights)) {}

  absl::Status Read(const ParameterSpec& spec, absl::Span<std::byte> values) override {
    return WithField(weights_->Read(spec.name, spec.shape, values.data()));
  }
  absl::Status CheckAllRead() const override { return absl::OkStatus(); }

 private:
  const std::unique_ptr<HuggingFaceWeights> weights_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<StoredWeights>> OpenStoredWeights(const std::string& path, const proto::Model& model) {
  std::error_code ignored;
  std::set<std::string> names;
  const bool is_folder = std::filesystem::is_directory(path, ignored);
  if (!TensorTableOf(model).tensors.empty() && (!is_folder || IsHuggingFaceFolder(path))) {
    auto weights = HuggingFaceWeights::Open(path, model);
    if (!weights.ok()) return WithField(weights.status());
    return std::make_unique<WeightsOfHuggingFace>(*std::move(weights));
  }
  if (is_folder) {
    auto checkpoint = Checkpoint::Open(path);
    if (!checkpoint.ok()) return WithField(checkpoint.status());
    // The other tensors are the optimizer's.
    for (const proto::StateTensor& tensor : (*checkpoint)->manifest().tensors()) {
      if (tensor.name().find('/') == std::string::npos) names.insert(tensor.name());
    }
    return std::make_unique<WeightsOf<Checkpoint>>(*std::move(checkpoint), std::move(names));
  }
  auto file = SafetensorsFile::Open(path);
  if (!file.ok()) return WithField(file.status());
  for (const StoredTensor& tensor : (*file)->tensors()) names.insert(tensor.name);
  return std::make_unique<WeightsOf<SafetensorsFile>>(*std::move(file), std::move(names));
}

}  // namespace baton
