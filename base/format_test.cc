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
  CHECK(FormatSignedPercent(0) == "0.0 %");
  // A value that rounds to zero has no sign.
  CHECK(FormatSignedPercent(-0.0004) == "0.0 %");
  CHECK(FormatSignedPercent(-0.0006) == "-0.1 %");
  CHECK(FormatSignedPercent(-0.0006, 2) == "-0.06 %");
  CHECK(FormatSignedPoints(-0.0004) == "0.0 points");
  CHECK(FormatSignedPoints(0.019) == "+1.9 points");
  CHECK(FormatSignedPoints(-0.00004, 2) == "0.00 points");
  CHECK(FormatCount(4) == "4");
  CHECK(FormatCount(100) == "100");
  CHECK(FormatCount(5.5) == "5.5");
  CHECK(FormatCount(1.0 / 3) == "0.33");
}

TEST_CASE("a noun is singular after 1 alone") {
  CHECK(FormatPlural(1, "chunk") == "1 chunk");
  CHECK(FormatPlural(0, "chunk") == "0 chunks");
  CHECK(FormatPlural(8, "micro-batch") == "8 micro-batches");
  CHECK(FormatPlural(1, "micro-batch") == "1 micro-batch");
}

TEST_CASE("a loss has four decimals, or an exponent") {
  CHECK(FormatLoss(2.40131) == "2.4013");
  CHECK(FormatLoss(999999.5) == "999999.5000");
  CHECK(FormatLoss(6369025434166912839762989925007360.0) == "6.3690e+33");
  CHECK(FormatLoss(-1e7) == "-1.0000e+07");
}

}  // namespace
}  // namespace baton
