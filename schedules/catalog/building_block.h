// Building blocks: a schedule described by the times at which the passes of one micro-batch begin. Each further
// micro-batch does the same one period later. Used by the schedules in the zigzag placement and by chimera.
//
//   device 0  F0 ........ F1 B1 ........ B0          period 6: micro-batch k begins at 6k; other micro-batches, or W,
//   device 1  .. F0 .. F1 ........ B1 .. B0 ..       use the time in between
//
// Only the order of passes on each device is taken from the block. A device runs them in that order as soon as their
// data is there, which removes idle time that strict repetition would leave in the warm-up and the cool-down.
// Source: Qi et al. 2024b (Pipeline Parallelism with Controllable Memory).
#ifndef BATON_SCHEDULES_CATALOG_BUILDING_BLOCK_H_
#define BATON_SCHEDULES_CATALOG_BUILDING_BLOCK_H_

#include <cstdint>
#include <vector>

#include "schedules/order/compute_order.h"

namespace baton {

// Times at which the passes of micro-batch 0 begin, in unit costs, at least 0.
struct BuildingBlock {
  int64_t period = 0;             // above 0
  std::vector<int64_t> forward;   // [chunk]
  std::vector<int64_t> backward;  // [chunk]
};

// Appends to each device of `order` the forwards and backwards of all micro-batches in the order in which they begin.
// If two begin at once on a device, the lower chunk goes first. `order` must have a placement and no actions;
// `backward_kind` is kBackward or kBackwardInput.
void RepeatBlock(const BuildingBlock& block, ActionKind backward_kind, ComputeOrder& order);

}  // namespace baton

#endif  // BATON_SCHEDULES_CATALOG_BUILDING_BLOCK_H_
