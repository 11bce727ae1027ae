// Runs a compute order by its own timing, for the tests of schedules: strictly in order on each device, with the
// transfer time as pure latency.
#ifndef BATON_SCHEDULES_CATALOG_TESTING_REPLAY_H_
#define BATON_SCHEDULES_CATALOG_TESTING_REPLAY_H_

#include <string>

#include "base/units.h"
#include "schedules/costs/costs.h"
#include "schedules/order/compute_order.h"

namespace baton {

struct Replay {
  Nanos makespan = 0;
  Nanos span = 0;     // the longest time from a device's first action to its own last
  int peak_held = 0;  // activations of a chunk that the worst device holds, until Backward or BackwardWeight is done
};

// A chunk takes 1/v of `stage`, v being the chunks per device. Fails the test if the order is not whole or cannot run.
Replay RunOrder(const ComputeOrder& order, const ChunkCosts& stage, Nanos transfer_ns);

// With F = I = W = 1 for a chunk, whatever the number of chunks, and transfers that take no time.
Replay RunAtUnitCosts(const ComputeOrder& order);

// The same drawn: columns are time, a Backward of two units is `0B0----`, an idle device `.`.
std::string Picture(const ComputeOrder& order);

}  // namespace baton

#endif  // BATON_SCHEDULES_CATALOG_TESTING_REPLAY_H_
