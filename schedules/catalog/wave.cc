// Wave: chunks are placed on a zigzag, so that a micro-batch turns at either end without a transfer.
//
//   p = 2, v = 2, m = 3: chunks a and d on device 0, chunks b and c on device 1
//   device 0  Fa0 Fa1 .   Fd0 Bd0---- Fa2 Fd1 Bd1---- Ba0---- Fd2 Bd2---- .   Ba1---- .   .   Ba2----
//   device 1  .   Fb0 Fc0 Fb1 Fc1 .   Bc0---- Bb0---- Fb2 Fc2 Bc1---- Bb1---- Bc2---- Bb2----
//
// The steady state has a period of 3v chunk times (B = 2F). In it a device runs a forward of each of its chunks from
// the first to the last, and then a backward of each in reverse, all of different micro-batches. Neighbours run the
// same pattern half a period later. That shift is the same up the zigzag and down, so no passes collide. The paper
// shows m = p, where the bubble is 4(p−1) chunk times. The block continues for any m. With more than two chunks per
// device the bubble is 3(p−1) for m >= 2p, at the cost of more micro-batches in flight.
//
// Source: Liu et al. 2023 (Hanayo, SC 2023), the wave-like pipeline; as a building block after Qi et al. 2024b.
#include "schedules/catalog/building_block.h"
#include "schedules/catalog/schedules.h"

namespace baton {
namespace {

constexpr int kForwardTime = 1;
constexpr int kBackwardTime = 2;

BuildingBlock WaveBlock(const ComputeOrder& order, int chunks_per_device) {
  BuildingBlock block;
  block.period = int64_t{chunks_per_device} * (kForwardTime + kBackwardTime);
  block.forward.resize(order.num_chunks);
  block.backward.resize(order.num_chunks);
  const int64_t toward_last = block.period / 2;
  const int64_t toward_first = block.period - toward_last;
  // The time from one chunk's begin to the next one's: `time` at a turn, half a period to a neighbour.
  auto step = [&](int from, int to, int64_t time) {
    const int change = order.placement.FirstDeviceOf(to) - order.placement.FirstDeviceOf(from);
    return change == 0 ? time : change > 0 ? toward_last : toward_first;
  };
  int64_t begin = 0;
  for (int chunk = 0; chunk < order.num_chunks; ++chunk) {
    block.forward[chunk] = begin;
    if (chunk + 1 < order.num_chunks) begin += step(chunk, chunk + 1, kForwardTime);
  }
  begin += kForwardTime;
  for (int chunk = order.num_chunks - 1; chunk >= 0; --chunk) {
    block.backward[chunk] = begin;
    if (chunk > 0) begin += step(chunk, chunk - 1, kBackwardTime);
  }
  return block;
}

}  // namespace

absl::StatusOr<ComputeOrder> MakeWaveOrder(const OrderRequest& request) {
  ComputeOrder order = ZigzagOrder(request);
  RepeatBlock(WaveBlock(order, request.chunks_per_device), ActionKind::kBackward, order);
  return order;
}

}  // namespace baton
