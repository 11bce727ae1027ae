#include "tools/baton/compare_table.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/format.h"
#include "base/text_table.h"
#include "tools/baton/search_flags.h"

namespace baton {
namespace {

// A bar for a ratio: 16 columns are 1; drawn in eighths of a column.
std::string BarOf(double ratio) {
  static constexpr const char* kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const int eighths = std::clamp(static_cast<int>(std::lround(ratio * 128)), 0, 128);
  std::string bar;
  for (int i = 0; i < eighths / 8; ++i) bar += "█";
  return bar + kEighths[eighths % 8];
}

// The arena of the fullest device; 0 where no sizes are given.
Bytes PeakBytesOf(const StepReport& report) {
  Bytes bytes = 0;
  for (const DeviceReport& device : report.devices) bytes = std::max(bytes, device.peak_bytes);
  return bytes;
}

std::vector<std::string> CellsOf(const CompareRow& row, bool is_first, bool has_gap) {
  const Bytes memory = PeakBytesOf(row.report);
  std::vector<std::string> cells = {is_first ? "*" : "",
                                    row.schedule,
                                    FormatPercent(row.report.bubble_ratio),
                                    BarOf(row.report.bubble_ratio),
                                    FormatPercent(row.report.span_bubble_ratio),
                                    FormatDuration(row.report.step_time),
                                    FormatCount(PeakMicroBatchesOf(row.report)),
                                    memory > 0 ? FormatBytes(memory) : "-"};
  if (has_gap) {
    cells.push_back(row.certificate ? FormatPercent(std::max(0.0, GapOf(*row.certificate, row.report))) : "");
  }
  return cells;
}

// The reasons in the order of their first schedule, each with all schedules that it holds for.
std::vector<std::pair<std::string, std::string>> ReasonsOf(const std::vector<CompareRow>& rows) {
  std::vector<std::pair<std::string, std::string>> reasons;
  for (const CompareRow& row : rows) {
    if (row.status.ok()) continue;
    const std::string reason(row.status.message());
    const auto same = std::find_if(reasons.begin(), reasons.end(), [&](const auto& r) { return r.first == reason; });
    if (same == reasons.end()) {
      reasons.emplace_back(reason, row.schedule);
    } else {
      absl::StrAppend(&same->second, ", ", row.schedule);
    }
  }
  return reasons;
}

// Whether some device counts an activation in part between the halves of its backward pass.
bool CountsParts(const CompareRow& row) {
  return std::any_of(row.report.devices.begin(), row.report.devices.end(),
                     [](const DeviceReport& device) { return device.peak_micro_batches < device.live_micro_batches; });
}

void PrintLegend(const std::vector<CompareRow>& rows, bool has_memory, bool has_gap, std::ostream& out) {
  const bool counts_parts = std::any_of(rows.begin(), rows.end(), CountsParts);
  out << R"(
* shortest step; of equals, the one with the lowest peak
bubble       idle time / (devices × step)
span bubble  idle share of the longest span from a device's first work to its last
held         peak number of micro-batches whose activations are live on the fullest device
)";
  if (counts_parts) {
    out << "             (between backward-input and backward-weight an activation counts by its live part)\n";
  }
  out << "memory       the whole arena of the fullest device"
      << (has_memory ? "\n" : " (- where no sizes are given)\n");
  if (has_gap) out << "gap          at most this far above the shortest order within the memory limit\n";
}

}  // namespace

double PeakMicroBatchesOf(const StepReport& report) {
  double peak = 0;
  for (const DeviceReport& device : report.devices) peak = std::max(peak, device.peak_micro_batches);
  return peak;
}

void PrintCompareTable(const std::string& description, const std::vector<CompareRow>& rows, std::ostream& out) {
  const bool has_gap =
      std::any_of(rows.begin(), rows.end(), [](const CompareRow& row) { return row.certificate.has_value(); });
  const bool has_memory =
      std::any_of(rows.begin(), rows.end(), [](const CompareRow& row) { return PeakBytesOf(row.report) > 0; });
  std::vector<std::string> header = {"", "schedule", "bubble", "", "span bubble", "step", "held", "memory"};
  std::vector<bool> right = {false, false, true, false, true, true, true, true};
  if (has_gap) {
    header.push_back("gap");
    right.push_back(true);
  }
  TextTable table(header, right);
  for (const CompareRow& row : rows) {
    if (row.status.ok()) table.AddRow(CellsOf(row, &row == &rows.front(), has_gap));
  }
  const auto reasons = ReasonsOf(rows);
  out << description << "\n\n" << table.ToString();
  if (!rows.empty() && !rows.front().throughput.empty()) out << "*  " << rows.front().throughput << "\n";
  out << (reasons.empty() ? "" : "\n");
  for (const CompareRow& row : rows) {
    if (row.placement == Placement::kV) out << "   " << row.schedule << " is best with --placement=v here\n";
    if (!row.better_with.empty()) out << "   " << row.schedule << " is faster with " << row.better_with << "\n";
  }
  for (const auto& [reason, schedules] : reasons) {
    out << "not possible here: " << schedules << "\n  " << reason << "\n";
  }
  PrintLegend(rows, has_memory, has_gap, out);
}

}  // namespace baton
