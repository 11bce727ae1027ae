// See text_table.h.
#include "base/text_table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/printable.h"

namespace baton {

TextTable::TextTable(std::vector<std::string> header, std::vector<bool> align_right)
    : align_right_(std::move(align_right)) {
  rows_.push_back(std::move(header));
}

void TextTable::AddRow(std::vector<std::string> cells) {
  cells.resize(rows_.front().size());
  for (std::string& cell : cells) cell = Printable(cell);
  rows_.push_back(std::move(cells));
}

std::string TextTable::ToString() const {
  std::vector<int> widths(rows_.front().size(), 0);
  for (const auto& row : rows_) {
    for (size_t column = 0; column < row.size(); ++column) {
      widths[column] = std::max(widths[column], DisplayWidth(row[column]));
    }
  }
  std::string text;
  for (size_t index = 0; index < rows_.size(); ++index) {
    std::string line;
    for (size_t column = 0; column < widths.size(); ++column) {
      const std::string& cell = rows_[index][column];
      const std::string padding(widths[column] - DisplayWidth(cell), ' ');
      if (column > 0) line += "  ";
      line += align_right_[column] ? padding + cell : cell + padding;
    }
    while (!line.empty() && line.back() == ' ') line.pop_back();
    absl::StrAppend(&text, line, "\n");
    if (index == 0) {
      for (size_t column = 0; column < widths.size(); ++column) {
        absl::StrAppend(&text, column > 0 ? "  " : "", std::string(widths[column], '-'));
      }
      text += "\n";
    }
  }
  return text;
}

int DisplayWidth(const std::string& text) {
  // A code point has one byte that is not a continuation byte.
  return static_cast<int>(
      std::count_if(text.begin(), text.end(), [](unsigned char byte) { return (byte & 0xC0) != 0x80; }));
}

}  // namespace baton
