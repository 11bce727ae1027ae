// Keeps what is inside of innermost brackets; see python_lists.h.
#include "schedules/order/python_lists.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace baton {
namespace {

void AppendRow(absl::string_view list, std::string& rows) {
  bool is_first = true;
  for (absl::string_view cell : absl::StrSplit(list, ',')) {
    cell = absl::StripAsciiWhitespace(cell);
    absl::StrAppend(&rows, is_first ? "" : ",", cell == "None" ? absl::string_view() : cell);
    is_first = false;
  }
  rows += '\n';
}

}  // namespace

bool IsPythonLists(absl::string_view text) {
  text = absl::StripLeadingAsciiWhitespace(text);
  return !text.empty() && (text.front() == '[' || text.front() == '{');
}

std::string RowsOfPythonLists(absl::string_view text) {
  std::string rows;
  size_t begin = absl::string_view::npos;  // of the innermost list that is open
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '[') {
      begin = i + 1;
    } else if (text[i] == ']' && begin != absl::string_view::npos) {
      AppendRow(text.substr(begin, i - begin), rows);
      begin = absl::string_view::npos;
    }
  }
  if (begin != absl::string_view::npos) AppendRow(text.substr(begin), rows);
  return rows;
}

}  // namespace baton
