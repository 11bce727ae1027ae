// Formats numbers; see kernel_lines.h.
#include "tools/gpu_check/kernel_lines.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/json_string.h"

namespace baton {
namespace {

double FloorOf(const KernelWork& work, const Ceilings& ceilings) {
  return std::max(work.flops / ceilings.flops_per_us, work.bytes / ceilings.bytes_per_us);
}

}  // namespace

std::string KernelLines(const KernelMeasurement& measured, const std::string& device, const std::string& version) {
  std::string lines = absl::StrCat("{\"device\":", JsonString(device), ",\"baton\":", JsonString(version), "}\n");
  for (const KernelRow& row : measured.rows) {
    absl::StrAppend(&lines, "{\"kernel\":", JsonString(row.work.kernel), ",\"shape\":", JsonString(row.work.shape),
                    absl::StrFormat(",\"count\":%d,\"median_us\":%.3f,\"bytes\":%.0f,\"flops\":%g}\n", row.count,
                                    row.median_us, row.work.bytes, row.work.flops));
  }
  return lines;
}

std::string KernelMarkdown(const KernelMeasurement& measured, const Ceilings& ceilings) {
  std::string table = absl::StrFormat(
      "Ceilings: %.0f TFLOP/s (product), %.0f GB/s (copy, read and written).\n\n"
      "| kernel | shape | count | median µs | ms of a step | GFLOP | MB | floor µs | floor/median |\n"
      "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
      ceilings.flops_per_us / 1e6, ceilings.bytes_per_us / 1e3);
  double sum_us = 0, floor_us = 0;
  for (const KernelRow& row : measured.rows) {
    const double floor = FloorOf(row.work, ceilings);
    sum_us += row.us_of_step;
    floor_us += floor * static_cast<double>(row.count);
    absl::StrAppend(
        &table, absl::StrFormat("| %s | %s | %d | %.1f | %.3f | %.2f | %.2f | %.1f | %.0f %% |\n", row.work.kernel,
                                row.work.shape, row.count, row.median_us, row.us_of_step / 1e3, row.work.flops / 1e9,
                                row.work.bytes / 1e6, floor, row.median_us > 0 ? 100 * floor / row.median_us : 0));
  }
  absl::StrAppend(&table, absl::StrFormat("| sum | | | | %.3f | | | %.1f | %.0f %% |\n", sum_us / 1e3, floor_us,
                                          sum_us > 0 ? 100 * floor_us / sum_us : 0));
  absl::StrAppend(&table,
                  absl::StrFormat("\nThe step took %.3f ms, without graphs and with an event before and after "
                                  "each kernel; its kernels took %.0f %% of that.\n",
                                  measured.step_us / 1e3, measured.step_us > 0 ? 100 * sum_us / measured.step_us : 0));
  return table;
}

}  // namespace baton
