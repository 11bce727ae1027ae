// Prints kernels, sums and assumptions; see kernel_report.h.
#include "tools/baton/kernel_report.h"

#include <iostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/format.h"
#include "base/text_table.h"

namespace baton {
namespace {

std::string Duration(double micros) { return FormatDuration(static_cast<Nanos>(micros * 1e3)); }

std::string Share(double part, double whole) { return absl::StrFormat("%.0f %%", whole > 0 ? 100 * part / whole : 0); }

// In GFLOP, as "77.3".
std::string Gigaflops(double flops) { return flops == 0 ? "" : absl::StrFormat("%.1f", flops / 1e9); }

// In MB, as "226.5".
std::string Megabytes(double bytes) { return absl::StrFormat("%.1f", bytes / 1e6); }

}  // namespace

void AddKernels(const std::vector<KernelRow>& rows, proto::ModelReport& report) {
  for (const KernelRow& row : rows) {
    proto::ModelReport::Kernel& kernel = *report.add_kernels();
    kernel.set_name(row.kernel.name);
    kernel.set_pass(row.pass);
    kernel.set_count(static_cast<double>(row.count));
    kernel.set_flops(row.kernel.flops);
    kernel.set_bytes(static_cast<double>(row.kernel.bytes));
    kernel.set_floor_us(row.floor_ns / 1e3);
    kernel.set_estimated_us(row.time_ns / 1e3);
    if (row.kernel.kind != KernelKind::kProduct) continue;
    for (const int64_t extent : {row.kernel.m, row.kernel.n, row.kernel.k}) {
      kernel.add_product(static_cast<double>(extent));
    }
  }
}

void PrintKernels(const proto::Job& job, const proto::ModelReport& report) {
  TextTable table({"kernel", "pass", "count", "GFLOP", "MB", "floor", "estimated", "of all"},
                  {false, false, true, true, true, true, true, true});
  double floor = 0, time = 0;
  for (const proto::ModelReport::Kernel& kernel : report.kernels()) {
    floor += kernel.count() * kernel.floor_us();
    time += kernel.count() * kernel.estimated_us();
  }
  for (const proto::ModelReport::Kernel& kernel : report.kernels()) {
    table.AddRow({kernel.name(), kernel.pass(), absl::StrCat(kernel.count()), Gigaflops(kernel.flops()),
                  Megabytes(kernel.bytes()), Duration(kernel.floor_us()), Duration(kernel.estimated_us()),
                  Share(kernel.count() * kernel.estimated_us(), time)});
  }
  table.AddRow({"sum of all", "", "", "", "", Duration(floor), Duration(time), ""});
  const proto::Rates& rates = job.devices().rates();
  std::cout << "\n"
            << table.ToString()
            << absl::StrFormat(
                   "\nGFLOP, MB and times are of one kernel and one micro-batch. Assumed: large products reach %g "
                   "TFLOP/s and memory\n%g GB/s; %d multiprocessors at %g GHz; a kernel takes 1 µs besides its work, "
                   "and starts 1 µs after the one before.\nNothing was measured.\n",
                   rates.matmul_tflops(), rates.memory_gbps(), rates.multiprocessors(), rates.clock_ghz());
}

}  // namespace baton
