// Checks the files beforehand, then writes them.
#include "runtime/train/output_folder.h"

#include <google/protobuf/text_format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "base/write_file.h"
#include "runtime/checkpoint/checkpoint_folder.h"
#include "runtime/hugging_face/weights_out.h"
#include "runtime/train/metrics_tail.h"

namespace baton {
namespace {

// The files that a run writes into its folder.
constexpr const char* kFiles[] = {"job.textproto", "metrics.jsonl", "trace.json", "weights.safetensors"};

// Folders, and what --resume and checkpoints add.
constexpr const char* kOthers[] = {"checkpoints", "checkpoints.discarded", "metrics.jsonl.discarded", "hugging_face",
                                   "tensorboard"};

// True if `path` can be written, without a change of an existing file.
bool IsWritable(const std::string& path) {
  if (access(path.c_str(), F_OK) == 0) return access(path.c_str(), W_OK) == 0;
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return access(folder.empty() ? "." : folder.c_str(), W_OK | X_OK) == 0;
}

// The folders on the way to `path`, itself included, that do not exist; the outer ones first.
std::vector<std::string> MissingFolders(const std::string& path) {
  namespace fs = std::filesystem;
  std::vector<std::string> missing;
  std::error_code ignored;
  for (fs::path folder = fs::path(path + "/").lexically_normal().parent_path();
       !folder.empty() && !fs::exists(folder, ignored); folder = folder.parent_path()) {
    missing.insert(missing.begin(), folder.string());
  }
  return missing;
}

// The file or folder that has the tokenizer of the run's text; empty if there is none.
std::string TokenizerOf(const proto::Job& job) {
  if (!job.data().tokenizer().empty() && job.data().tokenizer() != "bytes") return job.data().tokenizer();
  std::error_code ignored;
  const std::string& weights = job.run().initial_weights();
  return std::filesystem::is_directory(weights, ignored) ? weights : "";
}

}  // namespace

absl::Status OutputFolder::Check() {
  if (!trace_file_.empty()) {
    if (!IsWritable(trace_file_)) {
      return absl::InvalidArgumentError(
          absl::StrCat("--trace: ", trace_file_, ": cannot be opened: ", std::strerror(errno)));
    }
    if (std::filesystem::is_directory(trace_file_)) {
      return absl::InvalidArgumentError(absl::StrCat("--trace: ", trace_file_, ": cannot be opened: Is a directory"));
    }
  }
  if (!has_folder()) return absl::OkStatus();
  std::error_code error;
  made_folders_ = MissingFolders(folder_);
  std::filesystem::create_directories(folder_, error);
  if (error) return absl::InvalidArgumentError(absl::StrCat("--output: ", folder_, ": ", error.message()));
  if (access(folder_.c_str(), W_OK | X_OK) != 0) {
    return absl::InvalidArgumentError(absl::StrCat("--output: ", folder_, ": ", std::strerror(errno)));
  }
  absl::StatusOr<std::unique_ptr<FolderLock>> lock = FolderLock::Take(folder_);
  if (!lock.ok()) return absl::InvalidArgumentError(absl::StrCat("--output: ", lock.status().message()));
  lock_ = *std::move(lock);
  for (const char* name : kFiles) {
    const std::string path = absl::StrCat(folder_, "/", name);
    const auto kind = std::filesystem::status(path, error).type();
    if (kind == std::filesystem::file_type::not_found) continue;
    if (kind != std::filesystem::file_type::regular) {
      return absl::InvalidArgumentError(absl::StrCat("--output: ", path, " is in the way: it is not a file"));
    }
    if (access(path.c_str(), W_OK) != 0) {
      return absl::InvalidArgumentError(absl::StrCat("--output: ", path, ": ", std::strerror(errno)));
    }
  }
  return absl::OkStatus();
}

void OutputFolder::Discard() {
  lock_.reset();
  if (made_folders_.empty()) return;
  std::error_code error;
  const std::filesystem::path cache = token_cache();
  // Nothing but the cache may be in a folder that is removed.
  for (const auto& entry : std::filesystem::directory_iterator(folder_, error)) {
    if (entry.path().filename() != cache.filename()) return;
  }
  std::filesystem::remove(cache, error);
  while (!made_folders_.empty() && std::filesystem::remove(made_folders_.back(), error)) made_folders_.pop_back();
}

absl::Status OutputFolder::Open(const proto::Job& job) {
  if (!has_folder()) return absl::OkStatus();
  BATON_RETURN_IF_ERROR(SetAside());
  BATON_RETURN_IF_ERROR(WriteJob(job));
  BATON_ASSIGN_OR_RETURN(metrics_, MetricsWriter::Create(metrics_file()));
  BATON_ASSIGN_OR_RETURN(events_, TensorboardWriter::Create(folder_ + "/tensorboard", /*first_step=*/0));
  return absl::OkStatus();
}

absl::Status OutputFolder::WriteJob(const proto::Job& job) const {
  std::string text;
  google::protobuf::TextFormat::PrintToString(job, &text);
  return WriteFile(folder_ + "/job.textproto", text);
}

absl::StatusOr<std::vector<std::string>> OutputFolder::Continue(const proto::Job& job, int64_t step) {
  std::vector<std::string> lines;
  BATON_RETURN_IF_ERROR(RemoveUnfinished(checkpoints()));
  // Checkpoints first: while one of them is the newest, the metrics behind `step` belong to it.
  int64_t moved = 0;
  const std::string discarded = checkpoints() + ".discarded";
  BATON_RETURN_IF_ERROR(MoveLaterCheckpoints(checkpoints(), step, discarded, &moved));
  if (moved > 0) lines.push_back(absl::StrCat("later checkpoints were moved to ", discarded, ": ", moved));
  BATON_ASSIGN_OR_RETURN(const int64_t last, CutMetrics(metrics_file(), step, metrics_file() + ".discarded"));
  if (last < step) {
    lines.push_back(absl::StrCat("note: ", metrics_file(), " ends at step ", last, ", before the checkpoint's"));
  }
  BATON_RETURN_IF_ERROR(WriteJob(job));
  BATON_ASSIGN_OR_RETURN(metrics_, MetricsWriter::Create(metrics_file(), /*appends=*/true));
  BATON_ASSIGN_OR_RETURN(events_, TensorboardWriter::Create(folder_ + "/tensorboard", step));
  return lines;
}

absl::Status OutputFolder::SetAside() {
  namespace fs = std::filesystem;
  // Checkpoints first: --resume must not find them without the rest.
  std::vector<const char*> names(std::begin(kOthers), std::end(kOthers));
  names.insert(names.end(), std::begin(kFiles), std::end(kFiles));
  std::error_code error;
  for (const char* name : names) {
    const fs::path path = fs::path(folder_) / name;
    if (!fs::exists(path, error)) continue;
    for (int n = 1; set_aside_.empty(); ++n) {
      const std::string folder = absl::StrCat(folder_, "/previous-", n);
      if (fs::create_directory(folder, error)) set_aside_ = folder;
      if (error) return absl::ErrnoToStatus(error.value(), absl::StrCat(folder, ": cannot be created"));
    }
    fs::rename(path, fs::path(set_aside_) / name, error);
    if (error) return absl::ErrnoToStatus(error.value(), absl::StrCat(path.string(), ": cannot be moved"));
  }
  return absl::OkStatus();
}

absl::Status OutputFolder::Keep(const absl::Status& status) {
  if (!status.ok()) failed_.push_back(std::string(status.message()));
  return status;
}

absl::Status OutputFolder::WriteMetrics(const StepMetrics& metrics) {
  const absl::Status line = metrics_ == nullptr ? absl::OkStatus() : Keep(metrics_->Write(metrics));
  if (!line.ok()) metrics_.reset();
  const absl::Status event = events_ == nullptr ? absl::OkStatus() : Keep(events_->Write(metrics));
  if (!event.ok()) events_.reset();
  return line.ok() ? event : line;
}

absl::Status OutputFolder::WriteWeights(const proto::Job& job, std::vector<TensorToWrite> weights) {
  if (!has_folder()) return absl::OkStatus();
  BATON_ASSIGN_OR_RETURN(std::vector<TensorToWrite> tensors, ToHuggingFace(job.model(), weights));
  const absl::Status file = Keep(WriteSafetensors(folder_ + "/weights.safetensors", std::move(tensors)));
  const absl::StatusOr<bool> written =
      WriteHuggingFaceFolder(folder_ + "/hugging_face", job.model(), std::move(weights), TokenizerOf(job));
  has_hugging_face_ = written.ok() && *written;
  const absl::Status folder = Keep(written.status());
  return file.ok() ? folder : file;
}

absl::Status OutputFolder::WriteTrace(const std::string& trace) {
  const absl::Status in_folder = has_folder() ? Keep(WriteFile(folder_ + "/trace.json", trace)) : absl::OkStatus();
  const absl::Status apart = trace_file_.empty() ? absl::OkStatus() : Keep(WriteFile(trace_file_, trace));
  return in_folder.ok() ? apart : in_folder;
}

absl::Status OutputFolder::status() const {
  if (failed_.empty()) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("not everything was written: ", absl::StrJoin(failed_, "; ")));
}

}  // namespace baton
