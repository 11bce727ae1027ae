// VectorizableExp against std::exp.
#include "ops/host/simd.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

namespace baton {

TEST_CASE("the vectorisable exponential is within 2 units in the last place") {
  for (int i = -87000; i <= 88000; ++i) {
    const float x = static_cast<float>(i * 0.001);
    const double exact = std::exp(static_cast<double>(x));
    if (std::abs(VectorizableExp(x) - exact) > 2 * std::ldexp(exact, -23)) FAIL(x);
  }
  CHECK(VectorizableExp(0.0f) == 1.0f);
}

TEST_CASE("the vectorisable exponential clamps numbers outside its range, and NaN stays NaN") {
  const float infinity = std::numeric_limits<float>::infinity();
  CHECK(VectorizableExp(-infinity) == VectorizableExp(-87.0f));
  CHECK(VectorizableExp(-1e30f) > 0.0f);
  CHECK(VectorizableExp(-1e30f) < 2e-38f);
  CHECK(VectorizableExp(infinity) == VectorizableExp(88.0f));
  CHECK(std::isfinite(VectorizableExp(1e30f)));
  CHECK(std::isnan(VectorizableExp(std::numeric_limits<float>::quiet_NaN())));
}

}  // namespace baton
