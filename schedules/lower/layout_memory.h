// Pass of lowering: assigns every buffer of a device an offset in the device's arena. Used by lower.cc.
#ifndef BATON_SCHEDULES_LOWER_LAYOUT_MEMORY_H_
#define BATON_SCHEDULES_LOWER_LAYOUT_MEMORY_H_

#include <cstdint>
#include <vector>

#include "schedules/costs/costs.h"
#include "schedules/program/program.h"

namespace baton {

// The permanent memory of chunks.
struct StateOptions {
  bool forward_only = false;
  bool with_state = true;
  int partial_sums = 0;  // of each chunk's gradients
  // If not null, each replica of a chunk has the optimizer state of one shard of the parameters.
  const ChunkPlacement* shards_over = nullptr;
};

// Sets the memory of the device's chunks, the workspace, the offsets of slots and the arena's size. Layout: parameters,
// gradients with their partial sums, and optimizer state chunk by chunk, then the workspace, then the slots, each at a
// multiple of kBufferAlignment. Forward-only programs have only parameters: the other two offsets are kNoOffset.
// Without `with_state` all three have no bytes. Expects that slots are assigned.
void LayoutMemory(const std::vector<int32_t>& chunks, int device, const StateOptions& state, const CostModel& costs,
                  DeviceProgram& program);

}  // namespace baton

#endif  // BATON_SCHEDULES_LOWER_LAYOUT_MEMORY_H_
