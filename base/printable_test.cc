// Every code point is either shown or escaped, and what is not UTF-8 is recognized.
#include "base/printable.h"

#include <catch2/catch.hpp>

namespace baton {
namespace {

TEST_CASE("what can control a terminal or break XML is escaped, the rest stays") {
  CHECK(Printable("gpt µ \\ \"<&>\" 模型 🚂") == "gpt µ \\ \"<&>\" 模型 🚂");
  CHECK(Printable("a\x1b[31mb\a\r\n\tc\x7f") == "a\\x1b[31mb\\x07\\r\\n\\tc\\x7f");
  CHECK(Printable(absl::string_view("\0", 1)) == "\\x00");
  CHECK(Printable("\xc2\x9b"
                  "31m") == "\\u009b31m");  // CSI in one code point
  CHECK(Printable("a\xe2\x80\xae"
                  "b") == "a\\u202eb");  // right to left
  CHECK(Printable("\xe2\x80\xa8\xef\xbf\xbe") == "\\u2028\\ufffe");
  CHECK(Printable("\xf4\x8f\xbf\xbf") == "\\U0010ffff");
  CHECK(Printable("caf\xe9!") == "caf\\xe9!");
  CHECK(PrintableLines("a\nb\rc\n") == "a\nb\\rc\n");
}

TEST_CASE("UTF-8 is what RFC 3629 allows") {
  for (const char* text : {"", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                           "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    CHECK(IsUtf8(text));
  }
  // A continuation alone, overlong forms, surrogates, too large, cut off.
  for (const char* text :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xc2", "\xe2\x80", "\xf0\x90\x80", "a\xe9z"}) {
    CAPTURE(Printable(text));
    CHECK_FALSE(IsUtf8(text));
  }
}

}  // namespace
}  // namespace baton
