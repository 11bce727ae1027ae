// Puts the backward-weight passes into an order that has none: a list scheduler at unit costs. Used by the zero-bubble
// schedules of the zigzag placement, whose paper gives a rule for them and no table.
#ifndef BATON_SCHEDULES_CATALOG_FILL_WEIGHTS_H_
#define BATON_SCHEDULES_CATALOG_FILL_WEIGHTS_H_

#include "absl/status/status.h"
#include "schedules/order/compute_order.h"

namespace baton {

// What a device does that would neither find its next pass ready nor a backward-weight to run.
enum class WhenIdle {
  kWait,
  kRunAhead,  // run a forward of its first chunk ahead of its place, if that leaves room for one more activation
};

// Every device runs its forwards and backward-inputs in the order given, each as soon as what it reads is there, and
// backward-weights, oldest first, while it would otherwise wait: for data, or for memory. A device holds at most
// `max_held` activations (of a chunk for a micro-batch), each from its forward until its backward-weight is done.
// Forwards and backward-inputs of a chunk must ascend in micro-batches; chunk c must be on device c for the first
// chunks. Linear in the number of actions.
// Errors: Internal if no device can go on because `max_held` is too small for the order.
absl::Status FillBackwardWeights(int max_held, WhenIdle when_idle, ComputeOrder& order);

}  // namespace baton

#endif  // BATON_SCHEDULES_CATALOG_FILL_WEIGHTS_H_
