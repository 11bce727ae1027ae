// Timing of orders for tests; see replay.h.
#include "schedules/catalog/testing/replay.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "schedules/lower/time_order.h"
#include "schedules/order/order_index.h"
#include "schedules/order/order_text.h"

namespace baton {
namespace {

OrderTimes Times(const ComputeOrder& order, const ChunkCosts& chunk, Nanos transfer_ns) {
  CostModel costs;
  costs.transfer_ns = transfer_ns;
  costs.chunks.assign(order.num_chunks, chunk);
  auto index = IndexOrder(order);
  INFO(index.status().message());
  REQUIRE(index.ok());
  auto times = TimeOrder(order, *index, costs);
  INFO(times.status().message());
  REQUIRE(times.ok());
  return *std::move(times);
}

ChunkCosts UnitChunk() {
  ChunkCosts chunk;
  chunk.forward_ns = chunk.backward_input_ns = chunk.backward_weight_ns = 1;
  return chunk;
}

Replay Summarize(const ComputeOrder& order, const OrderTimes& times) {
  Replay replay;
  for (int device = 0; device < order.num_devices(); ++device) {
    if (order.devices[device].empty()) continue;
    replay.makespan = std::max(replay.makespan, times.end[device].back());
    replay.span = std::max(replay.span, times.end[device].back() - times.start[device].front());
    int live = 0;
    for (const Action& action : order.devices[device]) {
      if (action.kind == ActionKind::kForward) ++live;
      replay.peak_live = std::max(replay.peak_live, live);
      if (action.kind == ActionKind::kBackward || action.kind == ActionKind::kBackwardWeight) --live;
    }
  }
  return replay;
}

}  // namespace

Replay RunOrder(const ComputeOrder& order, const ChunkCosts& stage, Nanos transfer_ns) {
  const int v = order.num_chunks / order.num_devices();
  ChunkCosts chunk;
  chunk.forward_ns = stage.forward_ns / v;
  chunk.backward_input_ns = stage.backward_input_ns / v;
  chunk.backward_weight_ns = stage.backward_weight_ns / v;
  return Summarize(order, Times(order, chunk, transfer_ns));
}

Replay RunAtUnitCosts(const ComputeOrder& order) { return Summarize(order, Times(order, UnitChunk(), 0)); }

std::string Picture(const ComputeOrder& order) {
  constexpr int kColumn = 4;
  const OrderTimes times = Times(order, UnitChunk(), 0);
  std::string picture;
  for (int device = 0; device < order.num_devices(); ++device) {
    std::string line;
    for (size_t position = 0; position < order.devices[device].size(); ++position) {
      while (static_cast<Nanos>(line.size()) < kColumn * times.start[device][position]) line += ".   ";
      std::string cell = FormatAction(order.devices[device][position]);
      const size_t width = kColumn * (times.end[device][position] - times.start[device][position]);
      cell.resize(width - 1, width > kColumn ? '-' : ' ');
      line += cell + ' ';
    }
    line.erase(line.find_last_not_of(' ') + 1);
    picture += line + '\n';
  }
  return picture;
}

}  // namespace baton
