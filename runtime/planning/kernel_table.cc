// Collects the kernels of all layers; equal ones share a row.
#include "runtime/planning/kernel_table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "base/status.h"
#include "ops/models/fused_kernels.h"

namespace baton {
namespace {

// "h.11.mlp.c_fc" → "h.*.mlp.c_fc".
std::string WithoutNumbers(const std::string& name) {
  std::string result;
  for (size_t i = 0; i < name.size(); ++i) {
    const bool begins = i == 0 || name[i - 1] == '.';
    const size_t end = name.find_first_not_of("0123456789", i);
    const bool ends = end == std::string::npos || name[end] == '.';
    if (begins && ends && absl::ascii_isdigit(name[i])) {
      result += '*';
      i = std::min(end, name.size()) - 1;
    } else {
      result += name[i];
    }
  }
  return result;
}

bool IsEqual(const KernelRow& a, const KernelRow& b) {
  return a.pass == b.pass && a.kernel.name == b.kernel.name && a.kernel.bytes == b.kernel.bytes &&
         a.kernel.flops == b.kernel.flops && a.kernel.m == b.kernel.m && a.kernel.n == b.kernel.n;
}

class Table {
 public:
  explicit Table(const DeviceRates& rates) : rates_(rates) {}

  void Add(std::string pass, const std::vector<Kernel>& kernels) {
    for (const Kernel& kernel : FuseAsMeasured(kernels, rates_.measured.get())) {
      const KernelEstimate estimate = EstimateKernel(kernel, rates_);
      KernelRow row{kernel,      pass,
                    1,           FloorByRates(kernel.flops, static_cast<double>(kernel.bytes), rates_),
                    estimate.ns, estimate.source};
      row.kernel.name = WithoutNumbers(kernel.name);
      const auto equal =
          std::find_if(rows_.begin(), rows_.end(), [&](const KernelRow& other) { return IsEqual(row, other); });
      if (equal == rows_.end()) {
        rows_.push_back(std::move(row));
      } else {
        ++equal->count;
      }
    }
  }

  // Forwards first, then the two halves of the backward pass, then what is recomputed before it, then the update.
  std::vector<KernelRow> Rows() && {
    const auto rank = [](const KernelRow& row) {
      return row.pass == "forward"           ? 0
             : row.pass == "backward-input"  ? 1
             : row.pass == "backward-weight" ? 2
             : row.pass == "recompute"       ? 3
                                             : 4;
    };
    std::stable_sort(rows_.begin(), rows_.end(),
                     [&](const KernelRow& a, const KernelRow& b) { return rank(a) < rank(b); });
    return std::move(rows_);
  }

 private:
  const DeviceRates rates_;
  std::vector<KernelRow> rows_;
};

}  // namespace

std::string NameOfSource(TimeSource source) {
  switch (source) {
    case TimeSource::kAssumed:
      return "assumed";
    case TimeSource::kNearest:
      return "nearest";
    case TimeSource::kMeasured:
      return "measured";
  }
  return "";
}

std::string DescribeAssumptions(const DeviceRates& rates, double slowest_share) {
  return absl::StrFormat(
      "Assumed: large products reach %g TFLOP/s and memory\n%g GB/s, %.0f %% of it where columns are added up; %d "
      "multiprocessors at %g GHz get %g bytes a clock\nfrom their cache and wait %g clocks for the first; a kernel "
      "takes "
      "1 µs besides its work, and starts 1 µs\nafter the one before; the slowest GPU computes at %.1f %% of its rates.",
      rates.flops_per_ns / slowest_share / 1e3, rates.bytes_per_ns, 100 * kColumnSumsShare, rates.multiprocessors,
      rates.clock_ghz / slowest_share, kCacheBytesPerClock, kClocksToFirstData, 100 * slowest_share);
}

double ShareOf(TimeSource source, const std::vector<KernelRow>& rows) {
  double part = 0, whole = 0;
  for (const KernelRow& row : rows) {
    if (IsOfUpdate(row)) continue;
    const double time = static_cast<double>(row.count) * row.time_ns;
    whole += time;
    if (row.source == source) part += time;
  }
  return whole > 0 ? part / whole : 0;
}

absl::StatusOr<std::vector<KernelRow>> KernelTable(const Backend& backend, const ModelSpec& model,
                                                   const std::vector<LayerCosts>& costs, const DeviceRates& rates) {
  if (rates.multiprocessors == 0) {
    return absl::FailedPreconditionError(
        "kernels are those of a GPU: the job needs devices.device, or devices.rates.multiprocessors");
  }
  Table table(rates);
  Shape shape = model.input_shape;
  for (const LayerSpec& layer : model.layers) {
    BATON_ASSIGN_OR_RETURN(const LayerKernels kernels, KernelsOf(backend, layer, shape));
    table.Add("forward", kernels.forward);
    table.Add("backward-input", kernels.backward_input);
    table.Add("backward-weight", kernels.backward_weight);
    table.Add("recompute", kernels.recompute);
  }
  for (const LayerCosts& layer : costs) table.Add("update", UpdateKernels(layer));
  return std::move(table).Rows();
}

}  // namespace baton
