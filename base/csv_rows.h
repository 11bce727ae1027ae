// Comma-separated cells of a text, one by one, each with its line and column for messages. Used by the readers of costs
// (schedules/costs) and of orders (schedules/order). Allocates nothing.
//
//   CsvRows rows(text);
//   while (rows.NextRow()) {
//     CsvCell cell;
//     while (rows.NextCell(cell)) {
//       if (!IsGood(cell.text)) return CsvError("costs.csv", cell, "must be …");  // costs.csv:3:17: must be …
//     }
//   }
//
// A row is a line. Lines of blanks are skipped, but counted. Blanks around a cell, CRLF and a byte order mark at the
// beginning mean nothing. A cell may stand in a pair of single or double quotes; a comma ends it even there.
#ifndef BATON_BASE_CSV_ROWS_H_
#define BATON_BASE_CSV_ROWS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace baton {

struct CsvCell {
  absl::string_view text;       // without quotes and the blanks around them; part of the text that is read
  bool has_open_quote = false;  // `text` begins with a quote that its end does not close
  int line = 1;                 // in the file, from 1
  int column = 1;               // in bytes, from 1: where `text` begins
  int number = 1;               // in its row, from 1
};

// Thread contract: one thread. `text` must outlive the reader and its cells.
class CsvRows {
 public:
  explicit CsvRows(absl::string_view text);

  // Goes to the next row that is not blank, whatever cells of this one are unread. False: there is none.
  bool NextRow();

  // Reads the next cell of the row; a row has at least one. False: there is none.
  bool NextCell(CsvCell& cell);

  // The row's line, from 1, and its first cell's column, which is 1.
  int line() const { return line_; }

 private:
  absl::string_view rest_;  // lines not yet read
  absl::string_view row_;   // cells not yet read
  bool has_cell_ = false;
  const char* line_begin_ = nullptr;
  int line_ = 0;
  int number_ = 0;
};

// InvalidArgument as `file:line:column: what`.
absl::Status CsvError(absl::string_view file, const CsvCell& cell, absl::string_view what);

// A cell's text in quotes for a message: escaped, and cut with an ellipsis behind 40 bytes.
std::string QuotedCell(const CsvCell& cell);

}  // namespace baton

#endif  // BATON_BASE_CSV_ROWS_H_
