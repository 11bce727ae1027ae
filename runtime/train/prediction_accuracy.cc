// Sums of errors, and their means as a sentence.
#include "runtime/train/prediction_accuracy.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"

namespace baton {

void PredictionAccuracy::Add(const StepReport& predicted, const StepReport& measured) {
  step_error_ += std::abs(static_cast<double>(predicted.step_time - measured.step_time)) /
                 static_cast<double>(std::max<Nanos>(1, measured.step_time));
  bubble_error_ += std::abs(predicted.bubble_ratio - measured.bubble_ratio);
  measured_bubble_ += measured.bubble_ratio;
  predicted_bubble_ += predicted.bubble_ratio;
  ++steps_;
}

std::string PredictionAccuracy::Describe() const {
  if (steps_ == 0) return "";
  const double percent = 100 / static_cast<double>(steps_);
  if (steps_ == 1) {
    return absl::StrFormat(
        "last step: bubble %.1f %% measured, %.1f %% predicted (off by %.1f points); step time off by %.1f %%",
        percent * measured_bubble_, percent * predicted_bubble_, percent * bubble_error_, percent * step_error_);
  }
  return absl::StrFormat(
      "last %d steps: bubble %.1f %% measured, %.1f %% predicted (off by %.1f points a step); step time off by %.1f %%",
      steps_, percent * measured_bubble_, percent * predicted_bubble_, percent * bubble_error_, percent * step_error_);
}

}  // namespace baton
