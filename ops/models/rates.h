// Times of layers estimated from their FLOPs and bytes, for devices that are not at hand. Used by runtime/planning.
#ifndef BATON_OPS_MODELS_RATES_H_
#define BATON_OPS_MODELS_RATES_H_

#include <vector>

#include "absl/status/status.h"
#include "ops/backend.h"
#include "ops/layers/spec.h"
#include "schedules/costs/costs.h"

namespace baton {

// The peak rates of a device.
struct DeviceRates {
  double flops_per_ns = 0;  // GFLOP/s; above 0
  double bytes_per_ns = 0;  // GB/s of its memory; 0: memory takes no time
};

// Sets the times of costs[i], which describes model.layers[i], for one micro-batch. A primitive layer takes the longer
// of the times for its FLOPs and for the bytes that it reads and writes (Williams et al. 2009, "Roofline"). Launches
// take no time.
//
//   forward          reads input and parameters, writes output and saved bytes
//   backward-input   reads the output's gradient, parameters and saved bytes, writes the input's gradient
//   backward-weight  reads input and the output's gradient, reads and writes parameter gradients; 0 without parameters
//   recompute        the forwards of the recomputed layers
//   update           reads and writes parameters, gradients and both moments
//
// Errors: those of building the layers.
absl::Status TimeByRates(const Backend& backend, const ModelSpec& model, const DeviceRates& rates,
                         std::vector<LayerCosts>& costs);

}  // namespace baton

#endif  // BATON_OPS_MODELS_RATES_H_
