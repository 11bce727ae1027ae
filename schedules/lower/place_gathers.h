// Pass of lowering: decides in which order devices gather the shards of parameters. Used by finish_step.cc.
#ifndef BATON_SCHEDULES_LOWER_PLACE_GATHERS_H_
#define BATON_SCHEDULES_LOWER_PLACE_GATHERS_H_

#include <cstdint>
#include <vector>

#include "schedules/lower/time_order.h"
#include "schedules/order/compute_order.h"
#include "schedules/program/program.h"

namespace baton {

// Returns the groups of kind kShardedUpdate of each device in issue order, [device]. Each device issues them at the
// start of a step, for the shards that the step before has updated, so that those of later chunks run while the
// pipeline fills:
//
//   stage 0   ├─gather chunk 0─┤ ──F0── ──F1── …
//   stage 1   ├─gather chunk 1─┤        ──F0── …
//
// All devices issue them in one total order: by the time of the chunk's first Forward, ties by group.
std::vector<std::vector<int32_t>> PlaceGathers(const ComputeOrder& order, const OrderTimes& times,
                                               const Program& program);

}  // namespace baton

#endif  // BATON_SCHEDULES_LOWER_PLACE_GATHERS_H_
