// Names and paths of users reach the terminal and files escaped, and what is not UTF-8 is refused.
#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/printable.h"
#include "tests/testing/command.h"
#include "tests/testing/xml.h"

namespace baton {
namespace {

// Estimated, so that nothing is measured.
constexpr char kJob[] = "examples/two_nodes.textproto";
// Red text, a new line, and the one-byte form of an escape sequence's begin in UTF-8.
constexpr char kName[] = "name=\"\\x1b[31mred\\nline\\xc2\\x9b\"";
constexpr char kShown[] = "\\x1b[31mred\\nline\\u009b";

TEST_CASE("a name with control characters is escaped on the terminal and in pictures") {
  const std::string svg = NewPath("name.svg"), html = NewPath("name.html");
  const CommandResult result =
      Baton({"simulate", kJob, "--set", kName, absl::StrCat("--svg=", svg), absl::StrCat("--html=", html)});
  CAPTURE(result.err);
  REQUIRE(result.status == 0);
  CHECK(absl::StrContains(result.out, absl::StrCat(kShown, ": 32 layers")));
  CHECK(PrintableLines(result.out) == result.out);
  CHECK(absl::StrContains(ElementsOf(ParseXml(ReadWhole(svg)), "text").at(0).text, kShown));
  CHECK(PrintableLines(ReadWhole(html)) == ReadWhole(html));
}

TEST_CASE("a path with control characters is escaped in messages") {
  const CommandResult result = Baton({"verify", "--order=no\x1b[31mfile"});
  CHECK(result.status == 2);
  CHECK(absl::StrContains(result.err, "no\\x1b[31mfile"));
  CHECK(PrintableLines(result.err) == result.err);
}

TEST_CASE("a name that is not UTF-8 is refused") {
  const CommandResult result = Baton({"simulate", kJob, "--set", "name=caf\xe9"});
  CHECK(result.status == 2);
  CHECK(result.err == "baton: name: \"caf\\xe9\" is not UTF-8\n");
}

}  // namespace
}  // namespace baton
