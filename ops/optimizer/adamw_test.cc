// One AdamW update against the formulas of Loshchilov and Hutter 2019, algorithm 2, in double.
#include "ops/optimizer/adamw.h"

#include <catch2/catch.hpp>
#include <cmath>

namespace baton {

TEST_CASE("one element's update follows the paper's formulas") {
  UpdateControl control;
  control.learning_rate = 0.1;
  control.beta2 = 0.95;
  control.weight_decay = 0.5;
  control.step = GENERATE(1, 2, 1000);
  const double scale = 0.25;
  const AdamWElement before{0.75f, -0.125f, 0.5f};
  const float gradient = 3.0f;
  const double g = scale * gradient;
  const double m = 0.9 * before.first_moment + 0.1 * g;
  const double v = 0.95 * before.second_moment + 0.05 * g * g;
  const double update =
      m / (1 - std::pow(0.9, control.step)) / (std::sqrt(v / (1 - std::pow(0.95, control.step))) + control.epsilon);
  const AdamWFactors factors = MakeAdamWFactors(control, scale);
  const AdamWElement after = UpdateByAdamW(factors, factors.decay_factor, before, gradient);
  CHECK(after.first_moment == Approx(m).epsilon(1e-6));
  CHECK(after.second_moment == Approx(v).epsilon(1e-6));
  CHECK(after.value == Approx(before.value - 0.1 * (update + 0.5 * before.value)).epsilon(1e-6));
  const AdamWElement steady = UpdateByAdamW(factors, 1.0f, before, gradient);
  CHECK(steady.value == Approx(before.value - 0.1 * update).epsilon(1e-6));
}

}  // namespace baton
