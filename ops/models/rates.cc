// Adds up the times of a layer's kernels.
#include "ops/models/rates.h"

#include <algorithm>
#include <cmath>

#include "base/status.h"
#include "ops/models/kernel_times.h"

namespace baton {
namespace {

// Results of the special function units of a multiprocessor: CUDA C++ Programming Guide, table of arithmetic
// throughput, compute capabilities 7.0 to 9.0.
constexpr double kExponentialsPerClock = 16;

Nanos SumOf(const std::vector<Kernel>& kernels, const DeviceRates& rates) {
  double sum = 0;
  for (const Kernel& kernel : kernels) sum += TimeByRates(kernel, rates);
  return std::llround(sum);
}

Kernel Update(const LayerCosts& layer) {
  Kernel update;
  update.bytes = 2 * (2 * layer.parameter_bytes + layer.optimizer_bytes);
  return update;
}

}  // namespace

double TimeByRates(const Kernel& kernel, const DeviceRates& rates) {
  if (rates.multiprocessors == 0) {
    const double by_memory = rates.bytes_per_ns > 0 ? static_cast<double>(kernel.bytes) / rates.bytes_per_ns : 0;
    return std::max(kernel.flops / rates.flops_per_ns, by_memory);
  }
  GpuTraits traits;
  traits.flops_per_ns = rates.flops_per_ns;
  traits.bytes_per_ns = rates.bytes_per_ns;
  traits.multiprocessors = rates.multiprocessors;
  traits.exponentials_per_ns = rates.multiprocessors * rates.clock_ghz * kExponentialsPerClock;
  return KernelTime(kernel, traits);
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
    layer.recompute_ns = SumOf(kernels.recompute, rates);
    layer.update_ns = layer.parameter_bytes > 0 ? SumOf({Update(layer)}, rates) : 0;
  }
  return absl::OkStatus();
}

}  // namespace baton
