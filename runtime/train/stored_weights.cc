// One source for each kind of file.
#include "runtime/train/stored_weights.h"

#include <filesystem>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/checkpoint/checkpoint.h"
#include "runtime/checkpoint/safetensors.h"

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

}  // namespace

absl::StatusOr<std::unique_ptr<StoredWeights>> OpenStoredWeights(const std::string& path) {
  std::error_code ignored;
  std::set<std::string> names;
  if (std::filesystem::is_directory(path, ignored)) {
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
