// Lists all passes of a device and sorts them; see building_block.h.
#include "schedules/catalog/building_block.h"

#include <algorithm>

namespace baton {
namespace {

struct Pass {
  int64_t begin;
  Action action;
};

bool BeginsBefore(const Pass& a, const Pass& b) {
  if (a.begin != b.begin) return a.begin < b.begin;
  return a.action.chunk < b.action.chunk;
}

}  // namespace

void RepeatBlock(const BuildingBlock& block, ActionKind backward_kind, ComputeOrder& order) {
  std::vector<std::vector<int32_t>> chunks(order.devices.size());
  for (int32_t chunk = 0; chunk < order.num_chunks; ++chunk)
    chunks[order.placement.FirstDeviceOf(chunk)].push_back(chunk);
  std::vector<Pass> passes;
  for (size_t device = 0; device < order.devices.size(); ++device) {
    passes.clear();
    passes.reserve(2 * chunks[device].size() * order.num_micro_batches);
    for (int32_t chunk : chunks[device]) {
      for (int32_t micro_batch = 0; micro_batch < order.num_micro_batches; ++micro_batch) {
        const int64_t shift = block.period * micro_batch;
        passes.push_back({block.forward[chunk] + shift, {ActionKind::kForward, chunk, micro_batch}});
        passes.push_back({block.backward[chunk] + shift, {backward_kind, chunk, micro_batch}});
      }
    }
    std::sort(passes.begin(), passes.end(), BeginsBefore);
    order.devices[device].reserve(passes.size());
    for (const Pass& pass : passes) order.devices[device].push_back(pass.action);
  }
}

}  // namespace baton
