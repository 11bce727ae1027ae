// Prints kernels, sums and assumptions, and reads measured kernels; see kernel_report.h.
#include "tools/baton/kernel_report.h"

#include <iostream>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/format.h"
#include "base/printable.h"
#include "base/read_file.h"
#include "base/status.h"
#include "base/text_table.h"
#include "runtime/planning/plan_job.h"

namespace baton {
namespace {

std::string Duration(double ns) { return FormatDuration(static_cast<Nanos>(ns)); }

std::string Share(double part, double whole) { return absl::StrFormat("%.0f %%", whole > 0 ? 100 * part / whole : 0); }

double TimeOf(const KernelRow& row) { return static_cast<double>(row.count) * row.time_ns; }

struct Sums {
  double floor_ns = 0;
  double time_ns = 0;
};

// Over the kernels of the update, or over all others.
Sums SumsOf(const std::vector<KernelRow>& rows, bool of_update) {
  Sums sums;
  for (const KernelRow& row : rows) {
    if (IsOfUpdate(row) != of_update) continue;
    sums.floor_ns += static_cast<double>(row.count) * row.floor_ns;
    sums.time_ns += TimeOf(row);
  }
  return sums;
}

// In GFLOP, as "77.3".
std::string Gigaflops(double flops) { return flops == 0 ? "" : absl::StrFormat("%.1f", flops / 1e9); }

// In MB, as "226.5".
std::string Megabytes(double bytes) { return absl::StrFormat("%.1f", bytes / 1e6); }

}  // namespace

// Far more than the kernels of any model.
constexpr size_t kMostBytesOfTable = size_t{64} << 20;

absl::StatusOr<std::shared_ptr<const MeasuredKernels>> ReadRatesTable(const std::string& path) {
  BATON_ASSIGN_OR_RETURN(const std::string text, ReadFile("rates table", path, kMostBytesOfTable + 1));
  if (text.size() > kMostBytesOfTable) {
    return absl::InvalidArgumentError(absl::StrCat(NameOfFile(path), ": is larger than ", kMostBytesOfTable, " bytes"));
  }
  BATON_ASSIGN_OR_RETURN(MeasuredKernels measured, MeasuredKernels::Parse(text, NameOfFile(path)));
  return std::make_shared<const MeasuredKernels>(std::move(measured));
}

std::string DescribeSources(const std::vector<KernelRow>& rows, const MeasuredKernels& measured) {
  const auto share = [&](TimeSource source) { return absl::StrFormat("%.0f %%", 100 * ShareOf(source, rows)); };
  return absl::StrCat(share(TimeSource::kMeasured), " of the kernels' time measured on ", Printable(measured.device()),
                      ", ", share(TimeSource::kNearest), " scaled from the nearest shape, ",
                      share(TimeSource::kAssumed), " assumed");
}

void AddKernels(const std::vector<KernelRow>& rows, google::protobuf::RepeatedPtrField<proto::Kernel>& kernels) {
  for (const KernelRow& row : rows) {
    proto::Kernel& kernel = *kernels.Add();
    kernel.set_name(row.kernel.name);
    kernel.set_pass(row.pass);
    kernel.set_count(static_cast<double>(row.count));
    kernel.set_flops(row.kernel.flops);
    kernel.set_bytes(static_cast<double>(row.kernel.bytes));
    kernel.set_floor_us(row.floor_ns / 1e3);
    kernel.set_estimated_us(row.time_ns / 1e3);
    kernel.set_kernel(row.kernel.function);
    kernel.set_shape(ToText(row.kernel.shape));
    kernel.set_source(NameOfSource(row.source));
    if (row.kernel.kind != KernelKind::kProduct) continue;
    for (const int64_t extent : {row.kernel.m, row.kernel.n, row.kernel.k}) {
      kernel.add_product(static_cast<double>(extent));
    }
  }
}

void PrintKernels(const proto::Job& job, const std::vector<KernelRow>& rows, const MeasuredKernels* measured) {
  std::vector<std::string> header = {"kernel", "pass", "count", "GFLOP", "MB", "floor", "estimated", "of all"};
  std::vector<bool> right = {false, false, true, true, true, true, true, true};
  if (measured != nullptr) {
    header.push_back("time");
    right.push_back(false);
  }
  TextTable table(header, right);
  const Sums micro_batch = SumsOf(rows, /*of_update=*/false), update = SumsOf(rows, /*of_update=*/true);
  for (const KernelRow& row : rows) {
    std::vector<std::string> cells = {row.kernel.name,
                                      row.pass,
                                      absl::StrCat(row.count),
                                      Gigaflops(row.kernel.flops),
                                      Megabytes(static_cast<double>(row.kernel.bytes)),
                                      Duration(row.floor_ns),
                                      Duration(row.time_ns),
                                      IsOfUpdate(row) ? "" : Share(TimeOf(row), micro_batch.time_ns)};
    if (measured != nullptr) cells.push_back(NameOfSource(row.source));
    table.AddRow(std::move(cells));
  }
  table.AddRow({"sum of all", "", "", "", "", Duration(micro_batch.floor_ns), Duration(micro_batch.time_ns), ""});
  table.AddRow({"update, once a step", "", "", "", "", Duration(update.floor_ns), Duration(update.time_ns), ""});
  std::cout << "\n"
            << table.ToString() << "\nGFLOP, MB and times are of one kernel and one micro-batch. "
            << DescribeAssumptions(RatesOfJob(job), SlowestShare(job)) << "\n"
            << (measured == nullptr ? std::string("Nothing was measured.") : DescribeSources(rows, *measured) + ".")
            << "\n";
}

}  // namespace baton
