// Learning rates by hand, and the factor of clipping.
#include "runtime/train/learning_rate.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

namespace baton {
namespace {

struct Case {
  LearningRateDecay decay;
  int64_t step;
  double rate;
};

TEST_CASE("rates at the corners of the curve") {
  const Case test = GENERATE(Case{LearningRateDecay::kConstant, 1, 0.2}, Case{LearningRateDecay::kConstant, 9, 1.8},
                             Case{LearningRateDecay::kConstant, 10, 2.0}, Case{LearningRateDecay::kConstant, 111, 2.0},
                             Case{LearningRateDecay::kLinear, 5, 1.0}, Case{LearningRateDecay::kLinear, 10, 2.0},
                             Case{LearningRateDecay::kLinear, 11, 2.0}, Case{LearningRateDecay::kLinear, 12, 1.982},
                             Case{LearningRateDecay::kLinear, 61, 1.1}, Case{LearningRateDecay::kLinear, 111, 0.2},
                             Case{LearningRateDecay::kLinear, 200, 0.2}, Case{LearningRateDecay::kCosine, 11, 2.0},
                             Case{LearningRateDecay::kCosine, 36, 0.2 + 1.8 * (1 + std::sqrt(0.5)) / 2},
                             Case{LearningRateDecay::kCosine, 61, 1.1}, Case{LearningRateDecay::kCosine, 111, 0.2},
                             Case{LearningRateDecay::kCosine, 112, 0.2});
  LearningRateSchedule schedule;
  schedule.base = 2.0;
  schedule.warmup_steps = 10;
  schedule.steps = 111;
  schedule.decay = test.decay;
  CHECK(LearningRate(schedule, test.step) == Approx(test.rate).epsilon(1e-12));
}

TEST_CASE("without warm-up the first step has the full rate, and the last one the final value") {
  LearningRateSchedule schedule;
  schedule.base = 1.0;
  schedule.steps = 5;
  schedule.decay = GENERATE(LearningRateDecay::kLinear, LearningRateDecay::kCosine);
  schedule.min_ratio = 0;
  CHECK(LearningRate(schedule, 1) == 1.0);
  CHECK(LearningRate(schedule, 3) == Approx(0.5));
  CHECK(LearningRate(schedule, 5) == Approx(0.0).margin(1e-15));
}

TEST_CASE("a run of one step, and one of nothing but warm-up") {
  LearningRateSchedule schedule;
  schedule.base = 1.0;
  schedule.decay = GENERATE(LearningRateDecay::kLinear, LearningRateDecay::kCosine);
  CHECK(LearningRate(schedule, 1) == 1.0);
  schedule.steps = 4;
  schedule.warmup_steps = GENERATE(3, 4);
  CHECK(LearningRate(schedule, 1) == Approx(1.0 / schedule.warmup_steps));
  CHECK(LearningRate(schedule, 4) == 1.0);
}

TEST_CASE("the rate rises in warm-up and never rises after it") {
  LearningRateSchedule schedule;
  schedule.base = 3e-4;
  schedule.warmup_steps = 17;
  schedule.steps = 101;
  schedule.decay = GENERATE(LearningRateDecay::kConstant, LearningRateDecay::kLinear, LearningRateDecay::kCosine);
  for (int64_t step = 1; step < 101; ++step) {
    if (step < 17) {
      CHECK(LearningRate(schedule, step) < LearningRate(schedule, step + 1));
    } else {
      CHECK(LearningRate(schedule, step) >= LearningRate(schedule, step + 1));
    }
  }
}

}  // namespace
}  // namespace baton
