// Refusals name both numbers.
#include "runtime/planning/device_memory.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"

namespace baton {
namespace {

TEST_CASE("more than the free memory is refused with both numbers") {
  CHECK(CheckFreeMemory("training", 0).ok());
  const absl::Status status = CheckFreeMemory("training", Bytes{1} << 50);
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(absl::StartsWith(status.message(), "model: training needs 1024 TiB, but "));
}

}  // namespace
}  // namespace baton
