// Widths, padding, and numbers as people read them.
#include "base/text_table.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace baton {

TextTable::TextTable(std::vector<std::string> header, std::vector<bool> right) : right_(std::move(right)) {
  rows_.push_back(std::move(header));
}

void TextTable::AddRow(std::vector<std::string> cells) {
  cells.resize(rows_.front().size());
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
      line += right_[column] ? padding + cell : cell + padding;
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

namespace {

// `value` with three significant digits, no exponent.
std::string ThreeDigits(double value) {
  const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return absl::StrFormat("%.*f", decimals, value);
}

}  // namespace

std::string FormatDuration(Nanos nanos) {
  const double value = static_cast<double>(nanos);
  if (nanos < 1000) return absl::StrCat(nanos, " ns");
  if (value < 999.5e3) return ThreeDigits(value / 1e3) + " µs";
  if (value < 999.5e6) return ThreeDigits(value / 1e6) + " ms";
  return ThreeDigits(value / 1e9) + " s";
}

std::string FormatBytes(Bytes bytes) {
  static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  int unit = 0;
  while (value >= 999.5 && unit < 4) {
    value /= 1024;
    ++unit;
  }
  return unit == 0 ? absl::StrCat(bytes, " B") : absl::StrCat(ThreeDigits(value), " ", kUnits[unit]);
}

std::string FormatPercent(double ratio) { return absl::StrFormat("%.1f %%", 100 * ratio); }

std::string FormatCount(double count) {
  std::string text = absl::StrFormat("%.2f", count);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

int DisplayWidth(const std::string& text) {
  return static_cast<int>(
      std::count_if(text.begin(), text.end(), [](unsigned char byte) { return (byte & 0xC0) != 0x80; }));
}

}  // namespace baton
