// Warm-up and decay, step by step.
#include "runtime/train/learning_rate.h"

#include <algorithm>
#include <cmath>

namespace baton {

double LearningRate(const LearningRateSchedule& schedule, int64_t step) {
  if (step < schedule.warmup_steps) {
    return schedule.base * static_cast<double>(step) / static_cast<double>(schedule.warmup_steps);
  }
  const int64_t first = schedule.warmup_steps + 1;
  const int64_t decaying = schedule.steps - first;
  if (step <= first || decaying <= 0) return schedule.base;
  const double t = std::min(1.0, static_cast<double>(step - first) / static_cast<double>(decaying));
  const double range = 1.0 - schedule.min_ratio;
  switch (schedule.decay) {
    case LearningRateDecay::kConstant:
      return schedule.base;
    case LearningRateDecay::kLinear:
      return schedule.base * (1.0 - range * t);
    case LearningRateDecay::kCosine:
      return schedule.base * (schedule.min_ratio + range * 0.5 * (1.0 + std::cos(3.141592653589793 * t)));
  }
  return schedule.base;
}

}  // namespace baton
