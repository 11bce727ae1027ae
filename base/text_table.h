// A table in plain text whose columns are padded to their widest cell. Used by every command that prints a table.
//
//   TextTable table({"schedule", "step"}, {false, true});
//   table.AddRow({"1f1b", "1.19 s"});
//   table.AddRow({"naive", "928 ms"});
//   std::cout << table.ToString();
//
//   schedule    step
//   --------  ------
//   1f1b      1.19 s
//   naive     928 ms
#ifndef BATON_BASE_TEXT_TABLE_H_
#define BATON_BASE_TEXT_TABLE_H_

#include <string>
#include <vector>

namespace baton {

class TextTable {
 public:
  // `align_right` has one entry for each column of `header`.
  TextTable(std::vector<std::string> header, std::vector<bool> align_right);

  // A row with fewer cells than the header is filled up with empty ones; further cells are dropped.
  // Control characters are escaped.
  void AddRow(std::vector<std::string> cells);

  // The header, a line of dashes, and the rows. Each line ends in '\n' and has no trailing blanks.
  std::string ToString() const;

 private:
  std::vector<std::vector<std::string>> rows_;  // the first is the header
  std::vector<bool> align_right_;
};

// The number of terminal columns that UTF-8 `text` takes, if each code point takes one.
int DisplayWidth(const std::string& text);

}  // namespace baton

#endif  // BATON_BASE_TEXT_TABLE_H_
