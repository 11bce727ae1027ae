// Pass of lowering: decides when each device issues the sums over replicas. Used by finish_step.cc.
#ifndef BATON_SCHEDULES_LOWER_PLACE_SUMS_H_
#define BATON_SCHEDULES_LOWER_PLACE_SUMS_H_

#include <cstdint>
#include <vector>

#include "schedules/lower/time_order.h"
#include "schedules/order/compute_order.h"
#include "schedules/program/program.h"
#include "schedules/program/transport_model.h"

namespace baton {

// A collective over the gradients of a chunk's replicas, issued after the action at `position` of the device and the
// Send of its result.
struct PlacedSum {
  int32_t position;
  int32_t group;
};

// Returns the sums of each device in issue order, [device], for the groups that SumsReplicas names, and behind them
// those of kind kTiedShards, which gather what they scatter. A sum is issued as soon as the device has added its last
// gradient to the chunk, so that it runs in the cool-down, beside the passes of other chunks and devices:
//
//   replica 0   ══B5══ ══W5══ ├─sum chunk 1─┤ ══W4══ ══W5══ ├─sum chunk 0─┤
//   replica 1   ══B5══ ══W5══ ├─sum chunk 1─┤ ══W4══ ══W5══ ├─sum chunk 0─┤
//
// All devices issue their sums in one total order: by the time at which the last replica is ready, ties by group. So
// groups that share devices have the same order on all of them, as NCCL requires, and a sum that has its turn on a
// device waits for nothing but earlier ones. With one queue for all transfers of a device, sums come after all of them,
// since a sum that waits for a slow replica would stop them.
std::vector<std::vector<PlacedSum>> PlaceSums(const ComputeOrder& order, const OrderTimes& times,
                                              const Program& program, QueueKind queues);

}  // namespace baton

#endif  // BATON_SCHEDULES_LOWER_PLACE_SUMS_H_
