// Clipping against torch.nn.utils.clip_grad_norm_'s formula.
#include "ops/optimizer/clip_scale.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

namespace baton {

TEST_CASE("clipping") {
  CHECK(ClipScale(0, 100) == 1.0);
  CHECK(ClipScale(1, 0) == 1.0);
  CHECK(ClipScale(1, 0.5) == 1.0);
  CHECK(ClipScale(1, 1) == Approx(1 / (1 + 1e-6)).epsilon(1e-15));
  CHECK(ClipScale(1, 4) == Approx(0.25).epsilon(1e-6));
  CHECK(ClipScale(1, std::numeric_limits<double>::infinity()) == 0.0);
  CHECK(std::isnan(ClipScale(1, std::numeric_limits<double>::quiet_NaN())));
}

}  // namespace baton
