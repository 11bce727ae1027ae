// See csv_rows.h.
#include "base/csv_rows.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace baton {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

absl::string_view StripBlanks(absl::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

CsvRows::CsvRows(absl::string_view text) : rest_(text) { absl::ConsumePrefix(&rest_, "\xEF\xBB\xBF"); }

bool CsvRows::NextRow() {
  while (!rest_.empty()) {
    ++line_;
    const size_t end = rest_.find('\n');
    row_ = rest_.substr(0, end);
    rest_.remove_prefix(end == absl::string_view::npos ? rest_.size() : end + 1);
    if (StripBlanks(row_).empty()) continue;
    line_begin_ = row_.data();
    has_cell_ = true;
    number_ = 0;
    return true;
  }
  has_cell_ = false;
  return false;
}

bool CsvRows::NextCell(CsvCell& cell) {
  if (!has_cell_) return false;
  const size_t comma = row_.find(',');
  cell.text = StripBlanks(row_.substr(0, comma));
  has_cell_ = comma != absl::string_view::npos;
  row_.remove_prefix(has_cell_ ? comma + 1 : row_.size());
  cell.has_open_quote = false;
  if (!cell.text.empty() && (cell.text.front() == '"' || cell.text.front() == '\'')) {
    if (cell.text.size() >= 2 && cell.text.back() == cell.text.front()) {
      cell.text = StripBlanks(cell.text.substr(1, cell.text.size() - 2));
    } else {
      cell.has_open_quote = true;
    }
  }
  cell.line = line_;
  cell.column = static_cast<int>(cell.text.data() - line_begin_) + 1;
  cell.number = ++number_;
  return true;
}

absl::Status CsvError(absl::string_view file, const CsvCell& cell, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(file, ":", cell.line, ":", cell.column, ": ", what));
}

std::string QuotedCell(const CsvCell& cell) {
  constexpr size_t kMostShown = 40;
  return absl::StrCat("\"", absl::CHexEscape(cell.text.substr(0, kMostShown)), cell.text.size() > kMostShown ? "…" : "",
                      "\"");
}

}  // namespace baton
