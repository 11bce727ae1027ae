#include "base/bfloat16.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

namespace baton {

TEST_CASE("every bf16 value keeps its bits through f32") {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const float value = FromBFloat16Bits(static_cast<uint16_t>(bits));
    if (std::isnan(value)) {
      CHECK(std::isnan(FromBFloat16Bits(ToBFloat16Bits(value))));
    } else {
      CHECK(ToBFloat16Bits(value) == bits);
    }
  }
}

TEST_CASE("f32 rounds to the nearest bf16, ties to even, and overflows to infinity") {
  const float step = 1.0f / 128;  // of bf16 between 1 and 2
  CHECK(FromBFloat16Bits(ToBFloat16Bits(1 + step / 2)) == 1);
  CHECK(FromBFloat16Bits(ToBFloat16Bits(1 + 3 * step / 2)) == 1 + 2 * step);
  CHECK(FromBFloat16Bits(ToBFloat16Bits(std::nextafter(1 + step / 2, 2.0f))) == 1 + step);
  CHECK(FromBFloat16Bits(ToBFloat16Bits(-1 - step / 2)) == -1);
  CHECK(std::isinf(FromBFloat16Bits(ToBFloat16Bits(std::numeric_limits<float>::max()))));
}

}  // namespace baton
