// Adds up the times of a layer's kernels.
#include "ops/models/rates.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "base/status.h"
#include "ops/models/fused_kernels.h"
#include "ops/models/kernel_times.h"

namespace baton {
namespace {

// Scores that the softmax of attention takes in a clock and multiprocessor: half of the 16 exponentials that the
// special function units give (CUDA C++ Programming Guide, table of arithmetic throughput, compute capabilities 7.0
// to 9.0), for each score is also scaled, compared, added and rounded. docs/prediction.md compares it with published
// kernels.
constexpr double kScoresPerClock = 8;
constexpr Bytes kFloat = 4;

Nanos SumOf(const std::vector<Kernel>& kernels, const DeviceRates& rates) {
  double sum = 0;
  for (const Kernel& kernel : FuseAsMeasured(kernels, rates.measured.get())) sum += TimeByRates(kernel, rates);
  return std::llround(sum);
}

double AssumedTime(const Kernel& kernel, const DeviceRates& rates) {
  if (rates.multiprocessors == 0) return FloorByRates(kernel.flops, static_cast<double>(kernel.bytes), rates);
  GpuTraits traits;
  traits.flops_per_ns = rates.flops_per_ns;
  if (kernel.kind == KernelKind::kAttention && rates.attention_flops_per_ns > 0) {
    traits.flops_per_ns = rates.attention_flops_per_ns;
  }
  traits.bytes_per_ns = rates.bytes_per_ns;
  traits.multiprocessors = rates.multiprocessors;
  traits.scores_per_ns = rates.multiprocessors * rates.clock_ghz * kScoresPerClock;
  traits.cache_bytes_per_ns = kCacheBytesPerClock * rates.clock_ghz;
  traits.first_data_ns = kClocksToFirstData / rates.clock_ghz;
  traits.column_sums_share = kColumnSumsShare;
  return KernelTime(kernel, traits);
}

}  // namespace

double FloorByRates(double flops, double bytes, const DeviceRates& rates) {
  return std::max(flops / rates.flops_per_ns, rates.bytes_per_ns > 0 ? bytes / rates.bytes_per_ns : 0);
}

KernelEstimate EstimateKernel(const Kernel& kernel, const DeviceRates& rates) {
  if (rates.measured != nullptr) {
    if (const std::optional<MeasuredKernels::Match> match = rates.measured->Find(kernel)) {
      if (match->is_exact) return {match->row->median_ns, TimeSource::kMeasured};
      const double floor = FloorByRates(kernel.flops, static_cast<double>(kernel.bytes), rates);
      const double floor_of_row = FloorByRates(match->row->flops, match->row->bytes, rates);
      if (floor > 0 && floor_of_row > 0) return {match->row->median_ns * floor / floor_of_row, TimeSource::kNearest};
    }
  }
  return {AssumedTime(kernel, rates), TimeSource::kAssumed};
}

double TimeByRates(const Kernel& kernel, const DeviceRates& rates) { return EstimateKernel(kernel, rates).ns; }

std::vector<Kernel> UpdateKernels(const LayerCosts& layer) {
  if (layer.parameter_bytes == 0) return {};
  Kernel norms;
  norms.name = layer.name;
  norms.function = "optimizer";
  norms.shape.extents = {{"elements", static_cast<double>(layer.gradient_bytes() / kFloat)}};
  norms.shape.words = {{"pass", "norms"}};
  norms.bytes = layer.gradient_bytes();
  Kernel update = norms;
  update.shape.words["pass"] = "update";
  // With an f32 parameter beside the moments, the one that layers read is only written.
  const bool has_float_parameter = layer.optimizer_bytes > 2 * layer.gradient_bytes();
  update.bytes =
      2 * (layer.gradient_bytes() + layer.optimizer_bytes) + (has_float_parameter ? 1 : 2) * layer.parameter_bytes;
  return {std::move(norms), std::move(update)};
}

Kernel FoldKernel(const LayerCosts& layer) {
  Kernel fold;
  fold.name = layer.name;
  fold.function = "fold";
  fold.shape.words = {{"pass", "fold"}};
  fold.bytes = 3 * layer.gradient_bytes();
  return fold;
}

absl::Status TimeByRates(const Backend& backend, const ModelSpec& model, const DeviceRates& rates,
                         std::vector<LayerCosts>& costs) {
  Shape shape = model.input_shape;
  for (size_t i = 0; i < model.layers.size(); ++i) {
    BATON_ASSIGN_OR_RETURN(const LayerKernels kernels, KernelsOf(backend, model.layers[i], shape));
    LayerCosts& layer = costs[i];
    layer.forward_ns = SumOf(kernels.forward, rates);
    layer.backward_input_ns = SumOf(kernels.backward_input, rates);
    layer.backward_weight_ns = SumOf(kernels.backward_weight, rates);
    layer.repeated_ns = SumOf(kernels.repeated, rates);
    layer.recompute_ns = SumOf(kernels.recompute, rates);
    layer.update_ns = SumOf(UpdateKernels(layer), rates);
    layer.fold_ns = layer.parameter_bytes > 0 ? SumOf({FoldKernel(layer)}, rates) : 0;
  }
  return absl::OkStatus();
}

}  // namespace baton
