// Times a compute order for the tests of schedules: each device runs its actions in order, and transfers have a latency
// only.
#ifndef BATON_SCHEDULES_CATALOG_TESTING_REPLAY_H_
#define BATON_SCHEDULES_CATALOG_TESTING_REPLAY_H_

#include <string>

#include "base/units.h"
#include "schedules/costs/costs.h"
#include "schedules/order/compute_order.h"

namespace baton {

struct Replay {
  Nanos makespan = 0;
  Nanos span = 0;     // the longest time from a device's first action to its last
  int peak_live = 0;  // most live activations on a device, each of one chunk, until its Backward or BackwardWeight ends
};

// A chunk takes 1/v of `stage` with v chunks per device. Fails the test if the order is incomplete or cannot run.
Replay RunOrder(const ComputeOrder& order, const ChunkCosts& stage, Nanos transfer_ns);

// With F = I = W = 1 for a chunk, whatever the number of chunks, and no time for transfers.
Replay RunAtUnitCosts(const ComputeOrder& order);

// A picture of RunAtUnitCosts: columns are time, a Backward of two units is `0B0----`, an idle device `.`.
std::string Picture(const ComputeOrder& order);

}  // namespace baton

#endif  // BATON_SCHEDULES_CATALOG_TESTING_REPLAY_H_
