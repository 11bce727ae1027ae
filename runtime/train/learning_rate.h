// The learning rate of each step. Used by update_of_job.cc.
#ifndef BATON_RUNTIME_TRAIN_LEARNING_RATE_H_
#define BATON_RUNTIME_TRAIN_LEARNING_RATE_H_

#include <cstdint>

namespace baton {

// The course of the learning rate after warm-up.
enum class LearningRateDecay : int8_t { kConstant, kLinear, kCosine };

//        base ┤    ╭─────╮
//             │   ╱       ╲
//             │  ╱         ╲
//  min · base ┤ ╱           ╰──
//             └┬──┬──────────┬── step
//              1  warmup     steps
struct LearningRateSchedule {
  double base = 0.0;         // above 0
  int64_t warmup_steps = 0;  // at least 0; a shorter run ends during warm-up
  int64_t steps = 1;         // of the whole run, at least 1
  LearningRateDecay decay = LearningRateDecay::kConstant;
  double min_ratio = 0.1;  // final rate of linear and cosine decay, as a fraction of base
};

// The learning rate of `step`, counted from 1. Warm-up: base · step / warmup_steps, so that the step warmup_steps has
// the full rate. The first step after it has the full rate, too, and the last step that of the end: with
// first = warmup_steps + 1 and t = (step − first) / (steps − first), or 0 if steps = first,
//   linear  base · (1 − (1 − min_ratio) · t)
//   cosine  base · (min_ratio + (1 − min_ratio) · (1 + cos πt) / 2)     (Loshchilov and Hutter 2017, one cycle)
// Steps beyond the last one keep its rate.
double LearningRate(const LearningRateSchedule& schedule, int64_t step);

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_LEARNING_RATE_H_
