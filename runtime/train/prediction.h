// Predicts each training step from the steps before: simulates the program that runs with their mean costs. Used by the
// trainer, which shows predictions beside measurements.
//
//   Prediction prediction(&program, planned_costs);
//   BATON_ASSIGN_OR_RETURN(const StepReport predicted, prediction.Next());   // before a step
//   prediction.Measure(trace);                                               // after it
#ifndef BATON_RUNTIME_TRAIN_PREDICTION_H_
#define BATON_RUNTIME_TRAIN_PREDICTION_H_

#include "absl/status/statusor.h"
#include "schedules/analyze/analysis.h"
#include "schedules/costs/costs.h"
#include "schedules/program/program.h"
#include "schedules/trace/measured_costs.h"
#include "schedules/trace/trace.h"

namespace baton {

// Thread contract: one thread at a time. Does not own the program.
class Prediction {
 public:
  // `planned` is used until a step has been measured. `planned_has_times`: whether its times are more than right in
  // proportion.
  Prediction(const Program* program, const CostModel& planned, bool planned_has_times);

  // Predicts the next step. Errors: those of Simulate.
  absl::StatusOr<StepReport> Next();
  // Takes in a measured step. The first one only warms up.
  void Measure(const Trace& trace);
  const CostModel& costs() const { return costs_; }
  const Program& program() const { return *program_; }
  // False while `planned` is used, whose times may be right in proportion only.
  bool has_measured() const { return has_measured_; }
  // The last prediction of Next; null if it predicted no times, but proportions alone.
  const Trace* timed_trace() const { return trace_has_times_ ? &trace_ : nullptr; }

 private:
  // Costs are those of the last full window of steps, so that they follow a machine whose speed drifts.
  static constexpr int kWindowSteps = 20;

  const Program* program_;
  CostModel planned_;
  bool planned_has_times_;
  CostModel costs_;
  Trace trace_;
  bool trace_has_times_ = false;
  MeasuredCosts window_;
  int window_steps_ = 0;
  bool warmed_up_ = false;  // the first step also fills caches and memory pools
  bool has_measured_ = false;
  bool stable_ = false;  // costs_ come from a full window
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_PREDICTION_H_
