// How close the predictions of a run were to its measurements. Used by the trainer for its last line.
#ifndef BATON_RUNTIME_TRAIN_PREDICTION_ACCURACY_H_
#define BATON_RUNTIME_TRAIN_PREDICTION_ACCURACY_H_

#include <cstdint>
#include <string>

#include "schedules/analyze/analysis.h"

namespace baton {

// Thread contract: one thread at a time.
class PredictionAccuracy {
 public:
  // Adds one step.
  void Add(const StepReport& predicted, const StepReport& measured);
  // As "last 20 steps: bubble 20.1 % measured, 19.8 % predicted (off by 0.4 points a step); step time off by 1.0 %":
  // means over the steps. Empty if none was added.
  std::string Describe() const;

 private:
  double step_error_ = 0;    // Σ |predicted − measured| / measured
  double bubble_error_ = 0;  // Σ |predicted − measured|
  double measured_bubble_ = 0;
  double predicted_bubble_ = 0;
  int64_t steps_ = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_PREDICTION_ACCURACY_H_
