// The angles of rotary positions against values computed by hand.
#include "ops/layers/rotary_table.h"

#include <catch2/catch.hpp>
#include <cmath>

namespace baton {
namespace {

// The frequency of pair i, from the angle at position 1.
double FrequencyOf(const RotaryTable& table, int64_t pairs, int64_t i) {
  return std::atan2(table.sines[pairs + i], table.cosines[pairs + i]);
}

}  // namespace

TEST_CASE("pair i turns by position times base to the power of -2i / width") {
  const RotarySpec spec{1, 4, {}};
  const RotaryTable table = MakeRotaryTable(spec, 4);
  REQUIRE(table.cosines.size() == 8);
  CHECK(table.cosines[0] == 1.0f);
  CHECK(table.sines[1] == 0.0f);
  CHECK(table.sines[3 * 2] == Approx(std::sin(3.0)));
  CHECK(table.cosines[3 * 2 + 1] == Approx(std::cos(0.03)));
}

TEST_CASE("a factor slows long wavelengths, keeps short ones and blends those between") {
  RotarySpec spec{1, 8, {}};
  spec.frequencies.factor = 8;
  spec.frequencies.base = GENERATE(10000.0, 20.0);
  spec.frequencies.context = 64;  // wavelengths below 16 stay, those above 64 grow by 8
  const RotaryTable table = MakeRotaryTable(spec, 2);
  CHECK(FrequencyOf(table, 4, 0) == Approx(1.0));  // wavelength 2π
  if (spec.frequencies.base == 10000) {
    CHECK(FrequencyOf(table, 4, 1) == Approx(0.0130423).epsilon(1e-4));  // 62.8: almost as slow
    CHECK(FrequencyOf(table, 4, 2) == Approx(0.01 / 8));
    CHECK(FrequencyOf(table, 4, 3) == Approx(0.001 / 8));
  } else {
    // Frequency 20^(−1/2), wavelength 28.1: blended by (64 / 28.1 − 1) / 3 = 0.42588.
    const double frequency = 1 / std::sqrt(20.0);
    CHECK(FrequencyOf(table, 4, 2) == Approx(frequency * (0.42588 + (1 - 0.42588) / 8)).epsilon(1e-4));
  }
}

}  // namespace baton
