// The note appears where a sleep is too coarse.
#include "runtime/rehearse/sleep_lateness.h"

#include <catch2/catch.hpp>

namespace baton {
namespace {

TEST_CASE("the lateness is said, and a note where it matters") {
  CHECK(DescribeSleepLateness(60'000, 1'200'000) == "a sleep ends 60.0 µs late on this machine (median)");
  CHECK(DescribeSleepLateness(60'000, 1'199'980) ==
        "note: a sleep ends 60.0 µs late on this machine (median), but the shortest pass takes 1.20 ms: measured times "
        "are too long; rehearse passes of 1.20 ms or more");
  CHECK(DescribeSleepLateness(0, 1) == "a sleep ends 0 ns late on this machine (median)");
}

TEST_CASE("a sleep does not end early") {
  const absl::StatusOr<Nanos> lateness = MeasureSleepLateness();
  REQUIRE(lateness.ok());
  CHECK(*lateness >= 0);
}

}  // namespace
}  // namespace baton
