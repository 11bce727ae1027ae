// Times of layers estimated from FLOPs and bytes, for devices that are not at hand. Used by runtime/train.
#ifndef BATON_OPS_MODELS_RATES_H_
#define BATON_OPS_MODELS_RATES_H_

#include <vector>

#include "absl/status/status.h"
#include "ops/backend.h"
#include "ops/layers/spec.h"
#include "schedules/costs/costs.h"

namespace baton {

// What a device does in a nanosecond, at most.
struct DeviceRates {
  double flops_per_ns = 0;  // that is GFLOP/s
  double bytes_per_ns = 0;  // GB/s of its memory; 0: memory takes no time
};

// Sets the times of costs[i], that of layers[i] of the model, for one micro-batch. Each primitive layer takes the
// longer of its FLOPs and of the bytes that it reads and writes (Williams et al. 2009, "Roofline"); launches take
// nothing:
//
//   forward          reads input and parameters, writes output and what it saves
//   backward-input   reads the gradient of the output, parameters and what is saved, writes the gradient of the input
//   backward-weight  reads input and the gradient of the output, reads and writes gradients; only with parameters
//   recompute        the forwards of what is recomputed
//   update           reads and writes parameters, gradients and both moments
//
// Errors: those of building the layers.
absl::Status TimeByRates(const Backend& backend, const ModelSpec& model, const DeviceRates& rates,
                         std::vector<LayerCosts>& costs);

}  // namespace baton

#endif  // BATON_OPS_MODELS_RATES_H_
