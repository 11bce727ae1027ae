// One line a step, and escape codes for terminals.
#include "runtime/train/progress.h"

#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/format.h"
#include "base/printable.h"

namespace baton {
namespace {

std::string FormatMilliseconds(double milliseconds) { return FormatDuration(static_cast<Nanos>(milliseconds * 1e6)); }

}  // namespace

Progress::Progress(ProgressOptions options) : options_(std::move(options)) { Start(); }

void Progress::EndLine() {
  if (std::exchange(line_open_, false)) *options_.log << "\n" << std::flush;
}

void Progress::Log(const std::string& line) {
  if (options_.log == nullptr) return;
  EndLine();
  *options_.log << PrintableLines(line) << "\n" << std::flush;
}

std::vector<LinePart> Progress::PartsOf(const StepMetrics& metrics) const {
  const double elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  const double share = static_cast<double>(metrics.step) / static_cast<double>(options_.steps);
  // Time is known of the steps of this process alone.
  const double share_of_process =
      static_cast<double>(metrics.step - steps_done_) / static_cast<double>(options_.steps - steps_done_);
  const auto predicted = [](const std::string& text) { return absl::StrCat("(predicted ", text, ")"); };
  std::vector<LinePart> parts = {
      {absl::StrFormat("step %*d/%d", static_cast<int>(absl::StrCat(options_.steps).size()), metrics.step,
                       options_.steps),
       0},
      {absl::StrCat("loss ", FormatLoss(metrics.loss)), 2},
      {absl::StrFormat("%6.0f %s/s", metrics.tokens_per_second.value_or(metrics.examples_per_second), options_.unit),
       6},
      {absl::StrFormat("%.3g TFLOP/s", metrics.model_tflops), 9},
      {FormatMilliseconds(metrics.step_ms), 4},
      {metrics.predicted_step_ms ? predicted(FormatMilliseconds(*metrics.predicted_step_ms)) : "", 7},
      {absl::StrFormat("bubble %4.1f %%", 100 * metrics.bubble_ratio), 5},
      {predicted(absl::StrFormat("%4.1f %%", 100 * metrics.predicted_bubble_ratio)), 8},
      {options_.columns ? ProgressBar(share) : "", 3},
      {TimeLeft(elapsed, share_of_process), 1}};
  if (metrics.skipped) parts.push_back({"update skipped", 2});
  if (metrics.held_out_loss) parts.push_back({absl::StrCat("held-out loss ", FormatLoss(*metrics.held_out_loss)), 2});
  return parts;
}

void Progress::Show(const StepMetrics& metrics) {
  if (options_.log == nullptr) return;
  const bool stays = metrics.step == 1 || metrics.step % options_.log_every == 0 || metrics.step == options_.steps ||
                     metrics.held_out_loss.has_value() || metrics.skipped;
  if (options_.columns) {
    // The last column stays free: some terminals wrap once it is filled, and a wrapped line cannot be written over.
    *options_.log << "\r\033[K" << FitLine(PartsOf(metrics), options_.columns() - 1) << (stays ? "\n" : "")
                  << std::flush;
    line_open_ = !stays;
  } else if (stays) {
    Log(FitLine(PartsOf(metrics), std::numeric_limits<int>::max()));
  }
}

}  // namespace baton
