// A table in plain text: columns padded to their widest cell, numbers to the right. Used by every command that prints
// one.
#ifndef BATON_BASE_TEXT_TABLE_H_
#define BATON_BASE_TEXT_TABLE_H_

#include <string>
#include <vector>

#include "base/units.h"

namespace baton {

class TextTable {
 public:
  // `right` says for each column whether it is aligned to the right.
  TextTable(std::vector<std::string> header, std::vector<bool> right);
  void AddRow(std::vector<std::string> cells);
  // Lines that end in '\n'; a line of dashes under the header.
  std::string ToString() const;

 private:
  std::vector<std::vector<std::string>> rows_;
  std::vector<bool> right_;
};

// As "18.5 ms", "742 µs", "12.3 s": three significant digits.
std::string FormatDuration(Nanos nanos);
// As "1.2 GiB", "640 B".
std::string FormatBytes(Bytes bytes);
// As "27.3 %".
std::string FormatPercent(double ratio);
// As "4" or "5.5".
std::string FormatCount(double count);

// How many columns a terminal needs for UTF-8 text.
int DisplayWidth(const std::string& text);

}  // namespace baton

#endif  // BATON_BASE_TEXT_TABLE_H_
