// Chimera: two pipelines in opposite directions over the same devices, each with a replica of the parameters and half
// of the micro-batches. Each uses the time in which the other would leave devices idle.
//
//   p = 4, m = 4: even micro-batches go down the devices, odd ones up (chunks a to d)
//   device 0  Fa0 Fa2 .   Fd1 Bd1---- Fd3 Bd3---- .   Ba0---- .   .   Ba2----
//   device 1  .   Fb0 Fc1 Fb2 Fc3 .   Bc1---- Bb0---- Bc3---- Bb2----
//   device 2  .   Fb1 Fc0 Fb3 Fc2 .   Bc0---- Bb1---- Bc2---- Bb3----
//   device 3  Fa1 Fa3 .   Fd0 Bd0---- Fd2 Bd2---- .   Ba1---- .   .   Ba3----
//
// The steady state has a period of 6 (B = 2F). In it a device runs a forward and a backward of either direction, all of
// different micro-batches. Neighbours do the same half a period later. That shift is the same for both directions and
// for forward and backward, so no passes collide. The paper requires an even p with p | m, and shows m = p; the block
// continues for any p and m. With an odd p the device in the middle has one replica for both directions.
// Source: Li and Hoefler 2021 (Chimera, SC 2021), section 3.1, figure 3; as a building block after Qi et al. 2024b.
#include "schedules/catalog/bidirectional.h"
#include "schedules/catalog/building_block.h"

namespace baton {
namespace {

constexpr int kPeriod = 6;
constexpr int kStep = kPeriod / 2;

// The block of two micro-batches, one a direction; chunks of the second are numbered from p on.
BuildingBlock PairBlock(int p) {
  BuildingBlock block;
  block.period = kPeriod;
  block.forward.resize(2 * p);
  block.backward.resize(2 * p);
  for (int direction = 0; direction < 2; ++direction) {
    // The second direction takes the other half of the period on each device.
    const int64_t first = direction == 0 || p % 2 == 0 ? 0 : kStep;
    for (int chunk = 0; chunk < p; ++chunk) {
      block.forward[direction * p + chunk] = first + int64_t{kStep} * chunk;
      block.backward[direction * p + chunk] = first + int64_t{kStep} * (2 * (p - 1) - chunk) + 1;
    }
  }
  return block;
}

}  // namespace

absl::StatusOr<ComputeOrder> MakeChimeraOrder(const OrderRequest& request) {
  ComputeOrder order = BidirectionalOrder(request);
  const int p = request.num_stages;
  ComputeOrder pairs;
  pairs.num_chunks = 2 * p;
  pairs.num_micro_batches = request.num_micro_batches / 2 + request.num_micro_batches % 2;
  std::vector<int32_t> device_of_chunk;
  for (int chunk = 0; chunk < p; ++chunk) device_of_chunk.push_back(chunk);
  for (int chunk = 0; chunk < p; ++chunk) device_of_chunk.push_back(p - 1 - chunk);
  pairs.placement = ChunkPlacement::Of(device_of_chunk);
  pairs.devices.resize(p);
  RepeatBlock(PairBlock(p), ActionKind::kBackward, pairs);
  for (int device = 0; device < p; ++device) {
    order.devices[device].reserve(pairs.devices[device].size());
    for (const Action& action : pairs.devices[device]) {
      const int micro_batch = 2 * action.micro_batch + action.chunk / p;
      if (micro_batch < request.num_micro_batches) {
        order.devices[device].push_back({action.kind, action.chunk % p, micro_batch});
      }
    }
  }
  return order;
}

}  // namespace baton
