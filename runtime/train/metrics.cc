// Formats and writes one line a step.
#include "runtime/train/metrics.h"

#include <cerrno>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/failpoint.h"
#include "base/json_string.h"
#include "base/status.h"
#include "runtime/train/nonfinite.h"

namespace baton {

std::string MetricsLine(const StepMetrics& metrics) {
  // Written by hand, since a library would choose the digits itself.
  std::string line = absl::StrCat("{\"step\":", metrics.step);
  std::string nonfinite;
  const auto append = [&](const char* key, double value) {
    const bool finite = std::isfinite(value);
    absl::StrAppend(&line, ",", JsonString(key), ":", finite ? absl::StrFormat("%.9g", value) : "null");
    if (finite) return;
    absl::StrAppend(&nonfinite, nonfinite.empty() ? "" : ",", JsonString(key), ":", JsonString(NonfiniteName(value)));
  };
  append("loss", metrics.loss);
  append("grad_norm", metrics.grad_norm);
  append("learning_rate", metrics.learning_rate);
  append("step_ms", metrics.step_ms);
  if (metrics.predicted_step_ms.has_value()) {
    append("predicted_step_ms", *metrics.predicted_step_ms);
  } else {
    absl::StrAppend(&line, ",\"predicted_step_ms\":null");
  }
  if (metrics.tokens_per_second.has_value()) append("tokens_per_second", *metrics.tokens_per_second);
  append("examples_per_second", metrics.examples_per_second);
  append("model_tflops", metrics.model_tflops);
  if (metrics.mfu.has_value()) append("mfu", *metrics.mfu);
  append("bubble_ratio", metrics.bubble_ratio);
  append("predicted_bubble_ratio", metrics.predicted_bubble_ratio);
  if (metrics.held_out_loss.has_value()) append("held_out_loss", *metrics.held_out_loss);
  if (metrics.checkpoint_ms.has_value()) append("checkpoint_ms", *metrics.checkpoint_ms);
  if (!metrics.checkpoint_error.empty()) {
    absl::StrAppend(&line, ",\"checkpoint_error\":", JsonString(metrics.checkpoint_error));
  }
  if (metrics.skipped) absl::StrAppend(&line, ",\"skipped\":true");
  if (!nonfinite.empty()) absl::StrAppend(&line, ",\"nonfinite\":{", nonfinite, "}");
  return line + "}";
}

absl::StatusOr<std::unique_ptr<MetricsWriter>> MetricsWriter::Create(const std::string& path, bool appends) {
  std::FILE* file = std::fopen(path.c_str(), appends ? "a" : "w");
  if (file == nullptr) return absl::ErrnoToStatus(errno, absl::StrCat("cannot write metrics to ", path));
  return std::unique_ptr<MetricsWriter>(new MetricsWriter(path, file));
}

absl::Status MetricsWriter::Write(const StepMetrics& metrics) {
  BATON_RETURN_IF_ERROR(Failpoint("metrics.write"));
  const std::string line = MetricsLine(metrics) + "\n";
  errno = 0;
  if (std::fwrite(line.data(), 1, line.size(), file_.get()) == line.size() && std::fflush(file_.get()) == 0) {
    return absl::OkStatus();
  }
  return absl::ErrnoToStatus(errno == 0 ? EIO : errno, absl::StrCat("cannot write metrics to ", path_));
}

}  // namespace baton
