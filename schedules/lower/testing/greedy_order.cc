// Compute orders for tests; see testing_order.h.
#include "schedules/lower/testing/greedy_order.h"

namespace baton {

ComputeOrder GreedyOrder(const std::vector<int32_t>& device_of_chunk, int num_devices, int num_micro_batches,
                         bool split_backward) {
  ComputeOrder order;
  order.num_chunks = static_cast<int>(device_of_chunk.size());
  order.num_micro_batches = num_micro_batches;
  order.placement = ChunkPlacement::Of(device_of_chunk);
  order.devices.resize(num_devices);
  const int last = order.num_chunks - 1;
  // How many micro-batches each chunk is through with: [chunk], as of the slots before this one and as of now.
  std::vector<int> forwards(order.num_chunks, 0);
  std::vector<int> backwards(order.num_chunks, 0);
  std::vector<int> weights(order.num_chunks, 0);
  size_t remaining = static_cast<size_t>(order.num_chunks) * num_micro_batches * (split_backward ? 3 : 2);
  while (remaining > 0) {
    const std::vector<int> forwards_before = forwards;
    const std::vector<int> backwards_before = backwards;
    for (int device = 0; device < num_devices; ++device) {
      auto take = [&](ActionKind kind, int chunk, std::vector<int>& done) {
        order.devices[device].push_back({kind, chunk, done[chunk]++});
        --remaining;
        return true;
      };
      auto take_backward = [&] {
        for (int chunk = last; chunk >= 0; --chunk) {
          if (device_of_chunk[chunk] != device || backwards[chunk] >= forwards_before[chunk]) continue;
          if (chunk < last && backwards[chunk] >= backwards_before[chunk + 1]) continue;
          return take(split_backward ? ActionKind::kBackwardInput : ActionKind::kBackward, chunk, backwards);
        }
        return false;
      };
      auto take_forward = [&] {
        for (int chunk = last; chunk >= 0; --chunk) {
          if (device_of_chunk[chunk] != device || forwards[chunk] >= num_micro_batches) continue;
          if (chunk > 0 && forwards[chunk] >= forwards_before[chunk - 1]) continue;
          return take(ActionKind::kForward, chunk, forwards);
        }
        return false;
      };
      auto take_weight = [&] {
        for (int chunk = last; chunk >= 0; --chunk) {
          if (device_of_chunk[chunk] != device || weights[chunk] >= backwards_before[chunk]) continue;
          return take(ActionKind::kBackwardWeight, chunk, weights);
        }
        return false;
      };
      if (!take_backward() && !take_forward() && split_backward) take_weight();
    }
  }
  return order;
}

std::vector<int32_t> PlaceAsV(int num_devices) {
  std::vector<int32_t> device_of_chunk;
  for (int device = 0; device < num_devices; ++device) device_of_chunk.push_back(device);
  for (int device = num_devices - 1; device >= 0; --device) device_of_chunk.push_back(device);
  return device_of_chunk;
}

CostModel VariedCosts(int num_chunks) {
  CostModel costs;
  for (int i = 0; i < num_chunks; ++i) {
    ChunkCosts chunk;
    chunk.forward_ns = 100 + 7 * i % 40;
    chunk.backward_input_ns = 90 + 11 * i % 30;
    chunk.backward_weight_ns = 80 + 13 * i % 50;
    chunk.update_ns = 10;
    chunk.parameter_bytes = 1000 + 100 * (i % 3);
    chunk.optimizer_bytes = 2 * chunk.parameter_bytes;
    chunk.input_bytes = i == 0 ? 32 : 256;
    chunk.targets_bytes = i + 1 == num_chunks ? 48 : 0;
    chunk.output_bytes = i + 1 == num_chunks ? 0 : 256;
    chunk.saved_bytes = 512 + 64 * (i % 2);
    chunk.saved_weight_bytes = 320;
    chunk.stash_bytes = 192;
    chunk.workspace_bytes = 128 * (i + 1);
    costs.chunks.push_back(chunk);
  }
  costs.transfer_ns = 15;
  costs.load_ns = 3;
  costs.reduce_ns = 5;
  return costs;
}

}  // namespace baton
