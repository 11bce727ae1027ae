// Inserts backward-weight passes into an order that has none: a list scheduler at unit costs. Used by the zero-bubble
// schedules in the zigzag placement, whose paper gives a rule for these passes instead of a table.
#ifndef BATON_SCHEDULES_CATALOG_FILL_WEIGHTS_H_
#define BATON_SCHEDULES_CATALOG_FILL_WEIGHTS_H_

#include "absl/status/status.h"
#include "schedules/order/compute_order.h"

namespace baton {

// Policy when neither the next pass nor a weight gradient is ready.
enum class WhenIdle {
  kWait,
  kRunAhead,  // run the next forward of the device's first chunk early, if memory is left for one more activation
};

// Each device runs its forwards and backward-inputs in the given order, each as soon as its input is ready. While it
// waits for data or memory, it runs backward-weights, the oldest first. At most `max_live` activations, at least 1, are
// live on a device; an activation is that of one chunk for one micro-batch, from its forward until its backward-weight.
//
// Expects forwards and backward-inputs of each chunk in ascending micro-batches, and chunk c on device c for the first
// chunk of each device. Linear in the number of actions.
// Errors: Internal if `max_live` is too small for the order; `order` is then incomplete.
absl::Status FillBackwardWeights(int max_live, WhenIdle when_idle, ComputeOrder& order);

}  // namespace baton

#endif  // BATON_SCHEDULES_CATALOG_FILL_WEIGHTS_H_
