// Building blocks: a schedule told by when the passes of one micro-batch begin, the next micro-batch doing the same one
// period later. Used by the schedules that their papers describe so (the zigzag ones).
//
//   device 0  F0 ........ F1 B1 ........ B0          period 6: micro-batch k begins at 6k, and what
//   device 1  .. F0 .. F1 ........ B1 .. B0 ..       is free in between is other micro-batches' or W
//
// Only the order on each device is taken from it: running in that order as soon as data is there squeezes out the idle
// time that the strict repetition leaves in the warm-up and the cool-down.
// Source: Qi et al. 2024b (Pipeline Parallelism with Controllable Memory).
#ifndef BATON_SCHEDULES_CATALOG_BUILDING_BLOCK_H_
#define BATON_SCHEDULES_CATALOG_BUILDING_BLOCK_H_

#include <cstdint>
#include <vector>

#include "schedules/order/compute_order.h"

namespace baton {

// Begins in unit costs, of micro-batch 0.
struct BuildingBlock {
  int64_t period = 0;
  std::vector<int64_t> forward;   // [chunk]
  std::vector<int64_t> backward;  // [chunk]
};

// Appends to each device of `order`, which has a placement and no actions, the forwards and the backwards (as
// `backward_kind`: kBackward or kBackwardInput) of all micro-batches in the order in which they begin. Where two begin
// at once on a device, the lower chunk goes first.
void RepeatBlock(const BuildingBlock& block, ActionKind backward_kind, ComputeOrder& order);

}  // namespace baton

#endif  // BATON_SCHEDULES_CATALOG_BUILDING_BLOCK_H_
