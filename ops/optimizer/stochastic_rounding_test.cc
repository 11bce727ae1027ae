// Stochastic rounding: the two neighbours, their frequencies, and bits that depend on the place alone.
#include "ops/optimizer/stochastic_rounding.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "base/bfloat16.h"

namespace baton {
namespace {

TEST_CASE("a number of bf16 stays, whatever the bits; infinities and NaNs stay what they are") {
  for (const float value : {0.0f, -0.0f, 1.0f, -3.5f, 0x1p-133f, std::numeric_limits<float>::infinity(),
                            -std::numeric_limits<float>::infinity()}) {
    for (const uint32_t bits : {0u, 1u, 0x8000u, 0xffffu}) {
      const float rounded = RoundStochastically(value, bits);
      CHECK(rounded == value);
      CHECK(std::signbit(rounded) == std::signbit(value));
    }
  }
  // A NaN whose bits are all in the lower half.
  uint32_t bits = 0x7f800001;
  float nan;
  std::memcpy(&nan, &bits, sizeof(nan));
  CHECK(std::isnan(RoundStochastically(nan, 0)));
  CHECK(std::isnan(RoundStochastically(nan, 0xffff)));
}

TEST_CASE("over all bits the mean is the value") {
  // A fraction of the spacing, in units of 2⁻¹⁶.
  for (const uint32_t fraction : {1u, 0x4000u, 0x8000u, 0xfffeu}) {
    for (const uint32_t upper : {0x3f80u, 0xc123u}) {
      const uint32_t bits = upper << 16 | fraction;
      float value;
      std::memcpy(&value, &bits, sizeof(value));
      const float lower = FromBFloat16Bits(static_cast<uint16_t>(upper));
      const float higher = FromBFloat16Bits(static_cast<uint16_t>(upper + 1));
      uint32_t num_higher = 0;
      for (uint32_t random = 0; random < 0x10000; ++random) {
        const float rounded = RoundStochastically(value, random);
        REQUIRE((rounded == lower || rounded == higher));
        num_higher += rounded == higher ? 1 : 0;
      }
      CHECK(num_higher == fraction);
    }
  }
}

TEST_CASE("an element has its own bits, which depend on the key, the seed, the update and its place") {
  const auto bits_of = [](uint64_t key, uint64_t seed, int64_t update, int64_t element) {
    return RoundingBits(DrawRounding(key, seed, update, element / kRoundingBlock),
                        static_cast<int>(element % kRoundingBlock));
  };
  std::vector<uint32_t> bits;
  double sum = 0;
  for (int64_t element = 0; element < 4096; ++element) {
    bits.push_back(bits_of(7, 1, 3, element));
    REQUIRE(bits.back() < 0x10000);
    sum += bits.back();
  }
  CHECK(sum / 4096 == Approx(32767.5).epsilon(0.02));
  const auto same = [&](uint64_t key, uint64_t seed, int64_t update, int64_t first) {
    int count = 0;
    for (int64_t element = 0; element < 4096; ++element) {
      count += bits_of(key, seed, update, first + element) == bits[element] ? 1 : 0;
    }
    return count;
  };
  CHECK(same(7, 1, 3, 0) == 4096);
  for (const int other : {same(8, 1, 3, 0), same(7, 2, 3, 0), same(7, 1, 4, 0), same(7, 1, 3, 8)}) CHECK(other < 10);
}

TEST_CASE("parts of a parameter are rounded as the whole") {
  std::vector<float> whole(100);
  for (size_t i = 0; i < whole.size(); ++i) whole[i] = 0.001f * static_cast<float>(i * i) - 1.7f;
  std::vector<float> parts = whole;
  const auto describe = [](std::vector<float>& values, int64_t first) {
    OptimizedParameter parameter;
    parameter.values = reinterpret_cast<std::byte*>(values.data() + first);
    parameter.rounds = true;
    parameter.rounding_key = 99;
    parameter.first_element = first;
    return parameter;
  };
  UpdateControl control;
  control.seed = 5;
  control.step = 11;
  RoundElements(describe(whole, 0), control, 0, 100);
  RoundElements(describe(parts, 0), control, 0, 13);  // threads may take any part
  RoundElements(describe(parts, 0), control, 13, 48);
  RoundElements(describe(parts, 48), control, 0, 52);  // a shard
  CHECK(parts == whole);
  control.step = 12;
  std::vector<float> again = parts;
  RoundElements(describe(again, 0), control, 0, 100);
  CHECK(again == parts);  // numbers of bf16 stay
}

}  // namespace
}  // namespace baton
