// Times of layers estimated from their kernels' FLOPs and bytes, for devices that are not at hand. Used by
// runtime/planning.
#ifndef BATON_OPS_MODELS_RATES_H_
#define BATON_OPS_MODELS_RATES_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "ops/backend.h"
#include "ops/layers/spec.h"
#include "ops/models/kernels.h"
#include "ops/models/measured_kernels.h"
#include "schedules/costs/costs.h"

namespace baton {

// Clocks from a load's start to its data in device memory: 479 on an H100, 466 on an A100 (Luo et al. 2024,
// "Benchmarking and Dissecting the Nvidia Hopper GPU Architecture", table of latencies).
inline constexpr double kClocksToFirstData = 479;
// Bytes a clock of the cache that all multiprocessors share: those of an A100 (NVIDIA, "A100 Tensor Core GPU
// Architecture", 2020), since those of later GPUs are not published.
inline constexpr double kCacheBytesPerClock = 5120;
// The backward pass of a layer norm reaches 75 % of an A100's bandwidth (github.com/NVIDIA/apex, pull request 1037:
// 1,163 of 1,555 GB/s; github.com/NVIDIA/Fuser, issue 1473: 1,438 of 1,935), a copy 90 %.
inline constexpr double kColumnSumsShare = 0.75 / 0.9;

// The rates that a device's large kernels reach.
struct DeviceRates {
  double flops_per_ns = 0;  // GFLOP/s; above 0
  double bytes_per_ns = 0;  // GB/s of its memory; 0: memory takes no time
  // GPUs only; 0: kernels have no tiles, launches and least times, only FLOPs and bytes.
  int multiprocessors = 0;
  double clock_ghz = 0;  // above 0 if there are multiprocessors
  // The rate of attention in f32, which has no tensor cores, where products have them; 0: flops_per_ns.
  double attention_flops_per_ns = 0;
  // Kernels that were measured on it, whose times replace the estimates. Null: none.
  std::shared_ptr<const MeasuredKernels> measured = nullptr;
};

enum class TimeSource : int8_t { kAssumed, kNearest, kMeasured };

struct KernelEstimate {
  double ns = 0;
  TimeSource source = TimeSource::kAssumed;
};

// The time of one kernel. Measured: the median of the row with its shape. Nearest: that of the nearest row, times the
// ratio of the two floors. Assumed: KernelTime of kernel_times.h if the rates are a GPU's, else its floor: the longer
// of the times for its FLOPs and for its bytes (Williams et al. 2009, "Roofline").
KernelEstimate EstimateKernel(const Kernel& kernel, const DeviceRates& rates);

// The time in nanoseconds.
double TimeByRates(const Kernel& kernel, const DeviceRates& rates);

// The time for the FLOPs or for the bytes, whichever is longer, in nanoseconds.
double FloorByRates(double flops, double bytes, const DeviceRates& rates);

// The kernels that update a layer's parameters, once a step. Norms: its gradients are read for their norm. Update:
// parameters, gradients and both moments are read and written, the gradients as zeros; working copies are written. None
// if the layer has no parameters.
std::vector<Kernel> UpdateKernels(const LayerCosts& layer);

// One sum of a layer's gradients and those of another group of micro-batches: two are read, one is written.
Kernel FoldKernel(const LayerCosts& layer);

// Sets the times of costs[i], which describes model.layers[i], for one micro-batch: the sums over the kernels of each
// direction, as the device fuses them (fused_kernels.h), and of the update. Errors: those of building the layers.
absl::Status TimeByRates(const Backend& backend, const ModelSpec& model, const DeviceRates& rates,
                         std::vector<LayerCosts>& costs);

}  // namespace baton

#endif  // BATON_OPS_MODELS_RATES_H_
