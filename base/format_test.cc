// Numbers as text, above all where a unit or the number of decimals changes.
#include "base/format.h"

#include <catch2/catch.hpp>

namespace baton {
namespace {

TEST_CASE("durations have three significant digits and a unit") {
  CHECK(FormatDuration(0) == "0 ns");
  CHECK(FormatDuration(999) == "999 ns");
  CHECK(FormatDuration(1000) == "1.00 µs");
  CHECK(FormatDuration(9'994) == "9.99 µs");
  CHECK(FormatDuration(9'995) == "10.0 µs");
  CHECK(FormatDuration(99'949) == "99.9 µs");
  CHECK(FormatDuration(99'950) == "100 µs");
  CHECK(FormatDuration(999'499) == "999 µs");
  CHECK(FormatDuration(999'500) == "1.00 ms");
  CHECK(FormatDuration(18'522'000) == "18.5 ms");
  CHECK(FormatDuration(999'500'000) == "1.00 s");
  CHECK(FormatDuration(Nanos{3600} * 1'000'000'000) == "3600 s");
  CHECK(FormatSignedDuration(18'522'000) == "+18.5 ms");
  CHECK(FormatSignedDuration(-18'522'000) == "-18.5 ms");
  CHECK(FormatSignedDuration(0) == "+0 ns");
}

TEST_CASE("sizes have three significant digits and a binary unit") {
  CHECK(FormatBytes(0) == "0 B");
  CHECK(FormatBytes(999) == "999 B");
  CHECK(FormatBytes(1000) == "0.98 KiB");
  CHECK(FormatBytes(1024) == "1.00 KiB");
  CHECK(FormatBytes(1'288'490'188) == "1.20 GiB");
  CHECK(FormatBytes(Bytes{5000} << 40) == "5000 TiB");
}

TEST_CASE("ratios have one decimal, counts at most two") {
  CHECK(FormatPercent(0.2729) == "27.3 %");
  CHECK(FormatPercent(1) == "100.0 %");
  CHECK(FormatSignedPercent(0.314) == "+31.4 %");
  CHECK(FormatSignedPercent(-0.02) == "-2.0 %");
  CHECK(FormatSignedPercent(0) == "+0.0 %");
  CHECK(FormatCount(4) == "4");
  CHECK(FormatCount(100) == "100");
  CHECK(FormatCount(5.5) == "5.5");
  CHECK(FormatCount(1.0 / 3) == "0.33");
}

}  // namespace
}  // namespace baton
