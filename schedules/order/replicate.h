// A transformation of orders: data-parallel copies of a whole pipeline. Used by compile.
#ifndef BATON_SCHEDULES_ORDER_REPLICATE_H_
#define BATON_SCHEDULES_ORDER_REPLICATE_H_

#include "schedules/order/compute_order.h"

namespace baton {

// Returns `replicas` (at least 1) copies of the pipeline `order` side by side. With p devices, m micro-batches and k
// replicas of chunks in `order`, copy r has
//
//   devices        r·p … r·p + p − 1
//   micro-batches  r·m … r·m + m − 1
//   replicas       r·k … r·k + k − 1 of every chunk
//
// so that each copy passes consecutive micro-batches. One copy is `order` itself.
ComputeOrder Replicate(const ComputeOrder& order, int replicas);

// The placement of Replicate(order, replicas), from that of `order`, whose devices and micro-batches are given.
ChunkPlacement ReplicatePlacement(const ChunkPlacement& placement, int replicas, int num_devices,
                                  int num_micro_batches);

}  // namespace baton

#endif  // BATON_SCHEDULES_ORDER_REPLICATE_H_
