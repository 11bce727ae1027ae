// SlowestOfMany against the nodes that it rests on, exact extremes and drawn ones.
#include "schedules/costs/slowest_of_many.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

namespace baton {
namespace {

TEST_CASE("one GPU has its own rate, and the slowest of eight that of the nodes that were measured") {
  CHECK(SlowestOfMany(1) == 1);
  CHECK(SlowestOfMany(8) == Approx(745.0 / 755).margin(0.001));
  CHECK(SlowestOfMany(8) == Approx(1421.0 / 1439).margin(0.001));
}

TEST_CASE("the slowest is as slow as that of drawn rates, and slower among more") {
  std::mt19937 random(1);
  std::normal_distribution<double> rate(1, 0.009);
  double before = 1;
  for (const int count : {2, 4, 16, 128, 1024}) {
    constexpr int kDraws = 2000;
    double sum = 0;
    for (int draw = 0; draw < kDraws; ++draw) {
      double slowest = 2;
      for (int i = 0; i < count; ++i) slowest = std::min(slowest, rate(random));
      sum += slowest;
    }
    CAPTURE(count);
    CHECK(SlowestOfMany(count) == Approx(sum / kDraws).margin(0.0007));
    CHECK(SlowestOfMany(count) < before);
    before = SlowestOfMany(count);
  }
}

}  // namespace
}  // namespace baton
