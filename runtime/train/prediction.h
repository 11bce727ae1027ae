// Predicts each training step from the ones before: their mean costs, put through the simulator with the very program
// that runs. Used by the trainer, which shows the prediction beside what then happens.
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
  // `planned` stands in until a step has been measured.
  Prediction(const Program* program, const CostModel& planned);

  // The step that comes next.
  absl::StatusOr<StepReport> Next();
  // What the step was.
  void Measure(const Trace& trace);
  const CostModel& costs() const { return costs_; }
  // False as long as `planned` stands in, whose times may be right in proportion only.
  bool has_measured() const { return has_measured_; }
  // What Next predicted last.
  const Trace& trace() const { return trace_; }

 private:
  // Costs are those of the last full window, so that they follow a machine whose speed drifts.
  static constexpr int kWindowSteps = 20;

  const Program* program_;
  CostModel planned_;
  CostModel costs_;
  Trace trace_;
  MeasuredCosts window_;
  int window_steps_ = 0;
  bool warmed_up_ = false;  // the first step also fills caches and pools
  bool has_measured_ = false;
  bool stable_ = false;  // costs_ come from a full window
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_PREDICTION_H_
