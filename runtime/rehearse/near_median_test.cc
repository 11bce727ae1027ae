// The kept step is the median one of few steps, and near it of many, in any order of their times.
#include "runtime/rehearse/near_median.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

namespace baton {
namespace {

// The time of the step that is kept in the nearest slot.
Nanos NearestOf(const std::vector<Nanos>& times) {
  NearMedian near;
  std::vector<Nanos> kept(NearMedian::kSlots, -1);
  for (const Nanos time : times) {
    if (const int slot = near.Add(time); slot >= 0) kept.at(slot) = time;
  }
  return kept[near.Nearest()];
}

TEST_CASE("of few steps the median is kept") {
  CHECK(NearestOf({5}) == 5);
  CHECK(NearestOf({5, 3}) == 3);
  CHECK(NearestOf({9, 1, 5}) == 5);
  CHECK(NearestOf({9, 1, 5, 7}) == 5);
  CHECK(NearestOf({8, 7, 6, 5, 4, 3, 2, 1}) == 4);
}

TEST_CASE("equal times are no difficulty") { CHECK(NearestOf(std::vector<Nanos>(100, 7)) == 7); }

TEST_CASE("of many steps one near the median is kept") {
  for (uint32_t seed = 0; seed < 50; ++seed) {
    std::mt19937 random(seed);
    std::vector<Nanos> times;
    for (int i = 0; i < 1000; ++i) times.push_back(100'000 + random() % 10'000);
    const Nanos nearest = NearestOf(times);
    std::sort(times.begin(), times.end());
    const auto rank = std::lower_bound(times.begin(), times.end(), nearest) - times.begin();
    INFO("seed " << seed << ", rank " << rank);
    CHECK(std::abs(static_cast<int>(rank) - 500) < 50);
  }
}

TEST_CASE("a warm-up that is slow at first is forgotten") {
  std::vector<Nanos> times(20, 900);
  times.insert(times.end(), 200, 100);
  CHECK(NearestOf(times) == 100);
}

TEST_CASE("all times are known in ascending order") {
  NearMedian near;
  for (const Nanos time : {4, 1, 3}) near.Add(time);
  CHECK(near.times() == std::vector<Nanos>{1, 3, 4});
}

}  // namespace
}  // namespace baton
