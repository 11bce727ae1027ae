// Draws the rows of a deadlock; see stuck_timeline.h.
#include "schedules/verify/stuck_timeline.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace baton {
namespace {

constexpr int32_t kShownBefore = 3;
constexpr int32_t kShownBehind = 4;
constexpr size_t kMostMarked = 12;

// The shown cells of a row. `width` is their number of columns: "…" is one column, but three bytes.
std::string Cells(const StuckRow& row, size_t& width) {
  const int32_t size = static_cast<int32_t>(row.letters->size());
  std::set<int32_t> shown;
  for (int32_t i = std::max(row.next - kShownBefore, 0); i < std::min(row.next + kShownBehind, size); ++i) {
    shown.insert(i);
  }
  for (int32_t i : row.marked) {
    if (shown.size() < kShownBefore + kShownBehind + kMostMarked && i < size) shown.insert(i);
  }
  std::string cells;
  width = 0;
  const auto append = [&](const std::string& text, size_t columns) {
    absl::StrAppend(&cells, cells.empty() ? "" : " ", text);
    width += columns + (width == 0 ? 0 : 1);
  };
  int32_t previous = -1;
  bool has_bar = false;
  for (int32_t i : shown) {
    if (i > previous + 1) append("…", 1);
    if (i >= row.next && !has_bar) {
      append("|", 1);
      has_bar = true;
    }
    const std::string text = absl::StrCat((*row.letters)[i], row.open.count(i) > 0 ? "*" : "");
    append(text, text.size());
    previous = i;
  }
  if (!has_bar) append("|", 1);
  if (previous + 1 < size) append("…", 1);
  return cells;
}

}  // namespace

std::string DrawStuck(const std::vector<StuckRow>& rows) {
  std::vector<std::string> cells;
  std::vector<size_t> widths;
  size_t widest = 0;
  size_t widest_name = 0;
  bool has_open = false;
  for (const StuckRow& row : rows) {
    widths.emplace_back();
    cells.push_back(Cells(row, widths.back()));
    widest = std::max(widest, widths.back());
    widest_name = std::max(widest_name, absl::StrCat(row.device).size());
    has_open = has_open || !row.open.empty();
  }
  std::string text;
  for (size_t i = 0; i < rows.size(); ++i) {
    const std::string name = absl::StrCat(rows[i].device);
    absl::StrAppend(&text, "  device ", std::string(widest_name - name.size(), ' '), name, "  ", cells[i],
                    std::string(widest - widths[i] + 3, ' '), absl::StrJoin(rows[i].reasons, "; "), "\n");
  }
  absl::StrAppend(&text, "  | actions after the bar were not issued", has_open ? "; * posted, not matched" : "", "\n");
  return text;
}

}  // namespace baton
