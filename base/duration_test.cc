// ParseDuration: texts that it accepts and texts that it refuses.
#include "base/duration.h"

#include <catch2/catch.hpp>

namespace baton {
namespace {

TEST_CASE("durations have a number and a unit") {
  CHECK(ParseDuration("18.5ms") == 18'500'000);
  CHECK(ParseDuration("3us") == 3000);
  CHECK(ParseDuration("3µs") == 3000);
  CHECK(ParseDuration("0ns") == 0);
  CHECK(ParseDuration("3600s") == Nanos{3600} * 1'000'000'000);
  CHECK(ParseDuration("0") == 0);  // the only one without a unit
  for (const char* wrong :
       {"", "3", "00", "-0", "0.0", "ms", "-1ms", "3601s", "nans", "infs", "0x1ms", "1 h", "1ms2"}) {
    CAPTURE(wrong);
    CHECK_FALSE(ParseDuration(wrong).has_value());
  }
}

}  // namespace
}  // namespace baton
