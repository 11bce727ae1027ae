// GuardedBuffer detects every write that it is meant to detect.
#include "tests/conformance/guarded_buffer.h"

#include <catch2/catch.hpp>
#include <cmath>

namespace baton {

TEST_CASE("a guarded buffer starts as NaN and detects each stray byte") {
  const BackendUnderTest under_test = ReferenceUnderTest();
  const int shift = GENERATE(0, 1, 5);
  GuardedBuffer buffer(under_test, "values", 12, shift);
  CHECK(reinterpret_cast<uintptr_t>(buffer.data()) % kBufferAlignment == 0);
  for (double value : buffer.ReadFloats(DataType::kFloat32)) CHECK(std::isnan(value));
  buffer.WriteFloats(DataType::kFloat32, {1, 2, 3});
  CHECK(buffer.CheckGuards().ok());
  for (const int64_t stray : {-1, 12, -64, 75}) {
    std::byte& byte = buffer.data()[stray];
    const std::byte before = byte;
    byte = std::byte{0};
    CAPTURE(stray);
    CHECK_FALSE(buffer.CheckGuards().ok());
    byte = before;
  }
  CHECK(buffer.CheckGuards().ok());
}

TEST_CASE("a frozen buffer detects each change") {
  const BackendUnderTest under_test = ReferenceUnderTest();
  GuardedBuffer buffer(under_test, "values", 12);
  buffer.WriteIds({4, 5, 6});
  buffer.Freeze();
  CHECK(buffer.CheckUnchanged().ok());
  for (const int64_t changed : {0, 7, 11}) {
    buffer.data()[changed] ^= std::byte{1};
    CHECK_FALSE(buffer.CheckUnchanged().ok());
    buffer.data()[changed] ^= std::byte{1};
  }
  buffer.Poison();
  CHECK_FALSE(buffer.CheckUnchanged().ok());
}

}  // namespace baton
