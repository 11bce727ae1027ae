// See progress_line.h.
#include "base/progress_line.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/terminal.h"
#include "base/text_table.h"

namespace baton {
namespace {

constexpr int kBarCells = 16;
constexpr int kUnknownColumns = 80;

// The first `columns` code points.
std::string Cut(const std::string& text, int columns) {
  size_t end = 0;
  for (int seen = 0; end < text.size(); ++end) {
    if ((text[end] & 0xC0) != 0x80 && seen++ == columns) break;
  }
  return text.substr(0, end);
}

std::string Join(const std::vector<LinePart>& parts, int most_rank) {
  std::string line;
  for (const LinePart& part : parts) {
    if (part.text.empty() || part.rank > most_rank) continue;
    absl::StrAppend(&line, line.empty() ? "" : part.text[0] == '(' ? " " : "  ", part.text);
  }
  return line;
}

}  // namespace

std::string FitLine(const std::vector<LinePart>& parts, int columns) {
  std::vector<int> ranks;
  for (const LinePart& part : parts) {
    if (!part.text.empty()) ranks.push_back(part.rank);
  }
  std::sort(ranks.rbegin(), ranks.rend());
  std::string line;
  for (const int most : ranks) {
    line = Join(parts, most);
    if (DisplayWidth(line) <= columns) break;
  }
  return Cut(line, columns);
}

std::string ProgressBar(double share) {
  const int full = static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * kBarCells));
  return absl::StrCat("[", std::string(full, '#'), std::string(kBarCells - full, '.'), "]");
}

std::string FormatClock(double seconds) {
  const auto total = static_cast<int64_t>(std::llround(std::max(0.0, seconds)));
  if (total >= 3600) return absl::StrFormat("%d:%02d:%02d", total / 3600, total / 60 % 60, total % 60);
  return absl::StrFormat("%d:%02d", total / 60, total % 60);
}

std::string TimeLeft(double elapsed, double share) {
  if (!(share > 0)) return "?:?? left";
  return FormatClock(elapsed / share * std::max(0.0, 1 - share)) + " left";
}

ProgressLine::ProgressLine(std::string task, Options options)
    : task_(std::move(task)),
      options_(std::move(options)),
      next_(start_ +
            std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options_.first_seconds))) {}

ProgressLine::Options ProgressLine::OnStderr() {
  Options options;
  if (!CanOverwrite(STDERR_FILENO)) return options;
  options.out = &std::cerr;
  options.columns = [] { return ColumnsOf(STDERR_FILENO, kUnknownColumns); };
  return options;
}

void ProgressLine::Show(double share, const std::string& details, const std::string& more) {
  const Clock::time_point now = Clock::now();
  if (options_.out == nullptr || now < next_) return;
  next_ = now + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options_.between_seconds));
  std::vector<LinePart> parts = {{task_, 0}, {details, 2}, {more, 4}};
  if (share >= 0) {
    parts.push_back({ProgressBar(share), 3});
    parts.push_back({TimeLeft(std::chrono::duration<double>(now - start_).count(), share), 1});
  }
  // The last column stays free: some terminals wrap once it is filled.
  *options_.out << "\r\033[K" << FitLine(parts, options_.columns() - 1) << std::flush;
  is_shown_ = true;
}

void ProgressLine::Clear() {
  if (std::exchange(is_shown_, false)) *options_.out << "\r\033[K" << std::flush;
}

}  // namespace baton
