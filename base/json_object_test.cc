// Objects that are read, and those that are refused.
#include "base/json_object.h"

#include <catch2/catch.hpp>

namespace baton {
namespace {

std::string ErrorOf(const std::string& text) {
  const auto json = ParseJsonObject(text, "the file");
  CHECK(json.status().code() == absl::StatusCode::kInvalidArgument);
  return std::string(json.status().message());
}

TEST_CASE("an object is read") {
  const auto json = ParseJsonObject(R"({"a": [1, {"b": "[{\"["}], "c": {"a": null}} )", "x");
  REQUIRE(json.ok());
  CHECK((*json)["a"][1]["b"] == "[{\"[");
  CHECK((*json)["c"]["a"].is_null());
}

TEST_CASE("what is no object is refused") {
  for (const char* text : {"", "[]", "{", "{\"a\":1,}", "{} {}", "null", "{\"a\":\"\xff\"}", "{\"\xc0\xae\":1}"}) {
    CAPTURE(text);
    CHECK(ErrorOf(text) == "the file is no JSON object");
  }
  CHECK(ErrorOf(std::string("{}\0", 3)) == "the file has a NUL byte");
}

TEST_CASE("two equal keys are refused on every level") {
  CHECK(ErrorOf(R"({"a":1,"b":2,"a":1})") == "the file has \"a\" twice");
  CHECK(ErrorOf(R"({"a":[{"b":2,"b":1}]})") == "the file has \"b\" twice");
  CHECK(ParseJsonObject(R"({"a":{"a":1},"b":[{"a":1},{"a":1}]})", "x").ok());
}

TEST_CASE("deep nesting is refused before it is parsed") {
  const auto nested = [](int levels) { return "{\"a\":" + std::string(levels, '[') + std::string(levels, ']') + "}"; };
  CHECK(ParseJsonObject(nested(31), "x").ok());
  CHECK(ErrorOf(nested(32)) == "the file is nested more than 32 levels deep");
  CHECK(ErrorOf(std::string(1000000, '[')) == "the file is nested more than 32 levels deep");
}

}  // namespace
}  // namespace baton
