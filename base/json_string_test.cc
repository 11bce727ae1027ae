// JSON strings: what is escaped, and that a parser reads back what was written.
#include "base/json_string.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace baton {
namespace {

TEST_CASE("quotes, backslashes and control characters are escaped") {
  CHECK(JsonString("") == R"("")");
  CHECK(JsonString("zb-h1 µ") == R"("zb-h1 µ")");
  CHECK(JsonString("a \"b\" \\ c\n") == R"("a \"b\" \\ c\n")");
  CHECK(JsonString(absl::string_view("\0\x1f", 2)) == R"("\u0000\u001f")");
}

TEST_CASE("no control character is left for a terminal") {
  CHECK(JsonString("a\x7f\xc2\x9b"
                   "31m\xc2\xa0") == "\"a\\u007f\\u009b31m\xc2\xa0\"");
}

TEST_CASE("bytes that are not UTF-8 are replaced") {
  CHECK(JsonString("a\xff"
                   "b") ==
        "\"a\xEF\xBF\xBD"
        "b\"");
}

TEST_CASE("a parser reads back every character") {
  std::string all = "µ\xc2\x9b\xc2\xa0";
  for (int c = 0; c < 128; ++c) all += static_cast<char>(c);
  CHECK(nlohmann::json::parse(JsonString(all)) == all);
}

}  // namespace
}  // namespace baton
