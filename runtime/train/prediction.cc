// Simulates with the mean costs of a window of steps.
#include "runtime/train/prediction.h"

#include "base/status.h"
#include "schedules/simulate/simulate.h"

namespace baton {

Prediction::Prediction(const Program* program, const CostModel& planned, bool planned_has_times)
    : program_(program),
      planned_(planned),
      planned_has_times_(planned_has_times),
      costs_(planned),
      window_(*program, planned.cores) {}

absl::StatusOr<StepReport> Prediction::Next() {
  BATON_ASSIGN_OR_RETURN(trace_, Simulate(*program_, costs_));
  trace_has_times_ = has_measured_ || planned_has_times_;
  return Analyze(*program_, trace_);
}

void Prediction::Measure(const Trace& trace) {
  if (!warmed_up_) {
    warmed_up_ = true;
    return;
  }
  window_.Add(*program_, trace);
  has_measured_ = true;
  ++window_steps_;
  if (!stable_ || window_steps_ == kWindowSteps) costs_ = window_.ToCostModel(planned_);
  if (window_steps_ == kWindowSteps) {
    stable_ = true;
    window_steps_ = 0;
    window_ = MeasuredCosts(*program_, planned_.cores);
  }
}

}  // namespace baton
