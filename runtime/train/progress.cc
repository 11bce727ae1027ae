// One line a step, and escape codes for terminals.
#include "runtime/train/progress.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/format.h"
#include "base/printable.h"

namespace baton {
namespace {

// As "1:02:03" or "4:05".
std::string FormatClock(double seconds) {
  const auto total = static_cast<int64_t>(std::llround(std::max(0.0, seconds)));
  if (total >= 3600) return absl::StrFormat("%d:%02d:%02d", total / 3600, total / 60 % 60, total % 60);
  return absl::StrFormat("%d:%02d", total / 60, total % 60);
}

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

std::string Progress::LineOf(const StepMetrics& metrics) const {
  const double elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  const double left = elapsed / static_cast<double>(metrics.step) * static_cast<double>(options_.steps - metrics.step);
  std::string predicted;
  if (metrics.predicted_step_ms.has_value()) {
    predicted = absl::StrCat(" (predicted ", FormatMilliseconds(*metrics.predicted_step_ms), ")");
  }
  std::string line = absl::StrFormat(
      "step %*d/%d  loss %s  %6.0f %s/s  %s%s  bubble %4.1f %% (predicted %4.1f %%)  %s left",
      static_cast<int>(absl::StrCat(options_.steps).size()), metrics.step, options_.steps, FormatLoss(metrics.loss),
      metrics.tokens_per_second, options_.unit, FormatMilliseconds(metrics.step_ms), predicted,
      100 * metrics.bubble_ratio, 100 * metrics.predicted_bubble_ratio, FormatClock(left));
  if (metrics.held_out_loss.has_value()) {
    absl::StrAppend(&line, "  held-out loss ", FormatLoss(*metrics.held_out_loss));
  }
  return line;
}

void Progress::Show(const StepMetrics& metrics) {
  if (options_.log == nullptr) return;
  const bool stays = metrics.step == 1 || metrics.step % options_.log_every == 0 || metrics.step == options_.steps ||
                     metrics.held_out_loss.has_value();
  if (options_.terminal) {
    // Without wrapping: a wrapped line could not be written over.
    *options_.log << "\r\033[K" << (stays ? "" : "\033[?7l") << LineOf(metrics) << (stays ? "\n" : "\033[?7h")
                  << std::flush;
    line_open_ = !stays;
  } else if (stays) {
    Log(LineOf(metrics));
  }
}

}  // namespace baton
