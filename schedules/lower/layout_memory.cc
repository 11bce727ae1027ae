// Lays out a device's arena; see layout_memory.h.
#include "schedules/lower/layout_memory.h"

#include <algorithm>

#include "base/shards.h"

namespace baton {
namespace {

// Optimizer state is as large a multiple of the gradients for a shard as for all.
Bytes OptimizerBytes(const ChunkPlacement* shards_over, int chunk, int device, const ChunkCosts& sizes) {
  if (shards_over == nullptr || sizes.parameter_bytes == 0) return sizes.optimizer_bytes;
  const std::vector<int32_t> entries = shards_over->EntriesOf(chunk);
  const auto own = std::find(entries.begin(), entries.end(), shards_over->IndexOn(chunk, device));
  const Shard shard =
      ShardOf(sizes.gradient_bytes(), static_cast<int>(own - entries.begin()), static_cast<int>(entries.size()));
  return sizes.optimizer_bytes / sizes.gradient_bytes() * shard.bytes();
}

}  // namespace

void LayoutMemory(const std::vector<int32_t>& chunks, int device, const StateOptions& state, const CostModel& costs,
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
    memory.gradient_ratio = sizes.gradient_ratio;
    memory.parameters_offset = allocate(memory.parameter_bytes);
    if (!state.forward_only) {
      memory.optimizer_bytes = state.with_state ? OptimizerBytes(state.shards_over, chunk, device, sizes) : 0;
      memory.partial_sum_bytes = state.partial_sums * memory.gradient_bytes();
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
