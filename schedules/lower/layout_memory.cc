// Lays out a device's arena; see layout_memory.h.
#include "schedules/lower/layout_memory.h"

#include <algorithm>

namespace baton {

void LayoutMemory(const std::vector<int32_t>& chunks, const StateOptions& state, const CostModel& costs,
                  DeviceProgram& program) {
  Bytes end = 0;
  auto allocate = [&end](Bytes bytes) {
    const Bytes offset = end;
    end += AlignUp(bytes);
    return offset;
  };
  for (int32_t chunk : chunks) {
    const ChunkCosts& sizes = costs.chunks[chunk];
    ChunkMemory memory{chunk, kNoOffset, kNoOffset, kNoOffset, state.with_state ? sizes.parameter_bytes : 0, 0};
    memory.parameters_offset = allocate(memory.parameter_bytes);
    if (!state.forward_only) {
      memory.optimizer_bytes = state.with_state ? sizes.optimizer_bytes : 0;
      memory.partial_sum_bytes = state.partial_sums * memory.parameter_bytes;
      memory.gradients_offset = allocate(memory.gradient_region_bytes());
      memory.optimizer_offset = allocate(memory.optimizer_bytes);
    }
    program.chunks.push_back(memory);
    program.workspace_bytes = std::max(program.workspace_bytes, sizes.workspace_bytes);
  }
  program.workspace_offset = allocate(program.workspace_bytes);
  for (Slot& slot : program.slots) slot.offset = allocate(slot.bytes);
  program.arena_bytes = end;
}

}  // namespace baton
