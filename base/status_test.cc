// The macros return errors and assign values.
#include "base/status.h"

#include <catch2/catch.hpp>

namespace baton {
namespace {

absl::StatusOr<int> Half(int value) {
  if (value % 2 != 0) return absl::InvalidArgumentError("odd");
  return value / 2;
}

absl::StatusOr<int> Quarter(int value) {
  BATON_ASSIGN_OR_RETURN(int half, Half(value));
  return Half(half);
}

TEST_CASE("an error returns from the enclosing function, a value is assigned") {
  CHECK(Quarter(8).value() == 2);
  CHECK(Quarter(6).status().message() == "odd");
  CHECK(Quarter(3).status().code() == absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace baton
