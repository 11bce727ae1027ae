// Cells and where they stand; what is skipped; what an error says.
#include "base/csv_rows.h"

#include <catch2/catch.hpp>
#include <vector>

#include "absl/strings/str_cat.h"

namespace baton {
namespace {

// As "line:column#number[text]", blanks between cells, one row a line.
std::string Describe(absl::string_view text) {
  std::string description;
  CsvRows rows(text);
  while (rows.NextRow()) {
    CsvCell cell;
    while (rows.NextCell(cell)) {
      CHECK(cell.line == rows.line());
      absl::StrAppend(&description, cell.line, ":", cell.column, "#", cell.number, "[", cell.text, "]",
                      cell.has_open_quote ? "! " : " ");
    }
    CHECK_FALSE(rows.NextCell(cell));
    description += "\n";
  }
  CHECK_FALSE(rows.NextRow());
  return description;
}

TEST_CASE("cells have a line, a column and a number") {
  CHECK(Describe("") == "");
  CHECK(Describe("a") == "1:1#1[a] \n");
  CHECK(Describe("a,bc\nd,,e\n") == "1:1#1[a] 1:3#2[bc] \n2:1#1[d] 2:3#2[] 2:4#3[e] \n");
  CHECK(Describe(",") == "1:1#1[] 1:2#2[] \n");
}

TEST_CASE("blanks, CRLF, a byte order mark and blank lines mean nothing, but lines are counted") {
  CHECK(Describe("\xEF\xBB\xBF a , b\t\r\n\r\n  \nc\r\n\n") == "1:2#1[a] 1:6#2[b] \n4:1#1[c] \n");
  CHECK(Describe(" \n\t\n") == "");
}

TEST_CASE("quotes come in pairs") {
  CHECK(Describe("\"a\",' b '") == "1:2#1[a] 1:7#2[b] \n");
  CHECK(Describe("\"\"") == "1:2#1[] \n");
  CHECK(Describe("\"a,b\",\"") == "1:1#1[\"a]! 1:4#2[b\"] 1:7#3[\"]! \n");
}

TEST_CASE("a row may be left before its last cell") {
  CsvRows rows("a,b\nc");
  CsvCell cell;
  CHECK_FALSE(rows.NextCell(cell));
  REQUIRE(rows.NextRow());
  REQUIRE(rows.NextCell(cell));
  REQUIRE(rows.NextRow());
  REQUIRE(rows.NextCell(cell));
  CHECK(cell.text == "c");
  CHECK(cell.number == 1);
}

TEST_CASE("an error names file, line and column, and shows a cell that cannot break the message") {
  CsvRows rows("a\n1, x\x01\"\n");
  CsvCell cell;
  REQUIRE(rows.NextRow());
  REQUIRE(rows.NextRow());
  REQUIRE(rows.NextCell(cell));
  REQUIRE(rows.NextCell(cell));
  const absl::Status status = CsvError("o.csv", cell, "must be a number");
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(status.message() == "o.csv:2:4: must be a number");
  CHECK(QuotedCell(cell) == R"("x\x01\"")");
  cell.text = "0123456789012345678901234567890123456789";
  CHECK(QuotedCell(cell).size() == 42);
  const std::string longer = std::string(cell.text) + "0";
  cell.text = longer;
  CHECK(QuotedCell(cell) == "\"0123456789012345678901234567890123456789…\"");
}

}  // namespace
}  // namespace baton
