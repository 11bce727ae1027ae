// Widths, alignment and what becomes of rows of another length.
#include "base/text_table.h"

#include <catch2/catch.hpp>

namespace baton {
namespace {

TEST_CASE("columns are as wide as their widest cell and aligned as asked for") {
  TextTable table({"schedule", "step", ""}, {false, true, false});
  table.AddRow({"1f1b", "1.19 s", "a"});
  table.AddRow({"naive", "928 µs"});
  table.AddRow({"zb", "1 s", "", "dropped"});
  CHECK("\n" + table.ToString() == R"(
schedule    step
--------  ------  -
1f1b      1.19 s  a
naive     928 µs
zb           1 s
)");
}

TEST_CASE("a code point takes one column") {
  CHECK(DisplayWidth("") == 0);
  CHECK(DisplayWidth("928 µs") == 6);
  CHECK(DisplayWidth("…×") == 2);
}

TEST_CASE("a cell cannot leave its line or its colour") {
  TextTable table({"name"}, {false});
  table.AddRow({"a\n\x1b[31mb"});
  CHECK(table.ToString() == "name\n------------\na\\n\\x1b[31mb\n");
}

}  // namespace
}  // namespace baton
