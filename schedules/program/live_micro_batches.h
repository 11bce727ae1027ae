// How many micro-batches' activations are live on a device as its instructions run. Used by the report, the memory
// timeline and the pictures.
//
//     int live = 0;
//     for (const Instruction& i : device.instructions) live += LiveChange(i.operation, program.forward_only);
//     double micro_batches = live / ChunksOfStage(program, device);
#ifndef BATON_SCHEDULES_PROGRAM_LIVE_MICRO_BATCHES_H_
#define BATON_SCHEDULES_PROGRAM_LIVE_MICRO_BATCHES_H_

#include <algorithm>
#include <cstddef>

#include "schedules/program/program.h"

namespace baton {

// Change in the number of micro-batches of one chunk whose activations are live: +1 when the operation begins, -1 when
// it ends, else 0. In a forward-only program no activation stays live after its Forward.
inline int LiveChange(const Operation& operation, bool forward_only) {
  if (std::holds_alternative<Forward>(operation)) return forward_only ? 0 : 1;
  if (std::holds_alternative<Backward>(operation) || std::holds_alternative<BackwardWeight>(operation)) return -1;
  return 0;
}

// Number of the device's chunks that make up one stage, the share of one of p devices in the model: all of its chunks
// if there is one replica. With several replicas a device has a stage of each.
inline double ChunksOfStage(const Program& program, const DeviceProgram& device) {
  if (program.placement.num_replicas() == 1) return static_cast<double>(std::max<size_t>(1, device.chunks.size()));
  return std::max(1.0, static_cast<double>(program.num_chunks) / program.num_devices());
}

}  // namespace baton

#endif  // BATON_SCHEDULES_PROGRAM_LIVE_MICRO_BATCHES_H_
