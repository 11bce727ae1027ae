// Checks the files beforehand, then writes them.
#include "runtime/train/output_folder.h"

#include <google/protobuf/text_format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/write_file.h"

namespace baton {

absl::Status OutputFolder::Check() {
  if (!trace_file_.empty()) {
    if (const absl::Status writable = WriteFile(trace_file_, ""); !writable.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("--trace: ", writable.message()));
    }
  }
  if (!has_folder()) return absl::OkStatus();
  std::error_code error;
  made_folder_ = std::filesystem::create_directories(folder_, error);
  if (error) return absl::InvalidArgumentError(absl::StrCat("--output: ", folder_, ": ", error.message()));
  if (access(folder_.c_str(), W_OK | X_OK) != 0) {
    return absl::InvalidArgumentError(absl::StrCat("--output: ", folder_, ": ", std::strerror(errno)));
  }
  for (const char* name : {"job.textproto", "metrics.jsonl", "trace.json", "weights.safetensors"}) {
    const std::string path = absl::StrCat(folder_, "/", name);
    const auto kind = std::filesystem::status(path, error).type();
    if (kind == std::filesystem::file_type::not_found) continue;
    if (kind != std::filesystem::file_type::regular) {
      return absl::InvalidArgumentError(absl::StrCat("--output: ", path, " is in the way: it is not a file"));
    }
    if (access(path.c_str(), W_OK) != 0) {
      return absl::InvalidArgumentError(absl::StrCat("--output: ", path, ": ", std::strerror(errno)));
    }
    replaces_run_ = true;
  }
  return absl::OkStatus();
}

void OutputFolder::Discard() {
  std::error_code ignored;
  if (made_folder_) std::filesystem::remove(folder_, ignored);
}

absl::Status OutputFolder::Open(const proto::Job& job) {
  if (!has_folder()) return absl::OkStatus();
  std::string text;
  google::protobuf::TextFormat::PrintToString(job, &text);
  BATON_RETURN_IF_ERROR(WriteFile(folder_ + "/job.textproto", text));
  BATON_ASSIGN_OR_RETURN(metrics_, MetricsWriter::Create(folder_ + "/metrics.jsonl"));
  return absl::OkStatus();
}

absl::Status OutputFolder::WriteMetrics(const StepMetrics& metrics) {
  return metrics_ == nullptr ? absl::OkStatus() : metrics_->Write(metrics);
}

absl::Status OutputFolder::WriteTrace(const std::string& trace) const {
  if (!trace_file_.empty()) BATON_RETURN_IF_ERROR(WriteFile(trace_file_, trace));
  return has_folder() ? WriteFile(folder_ + "/trace.json", trace) : absl::OkStatus();
}

absl::Status OutputFolder::WriteWeights(std::vector<TensorToWrite> weights) const {
  return has_folder() ? WriteSafetensors(folder_ + "/weights.safetensors", std::move(weights)) : absl::OkStatus();
}

}  // namespace baton
