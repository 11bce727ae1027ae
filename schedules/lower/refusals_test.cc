// Orders, costs and groups that lowering rejects.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "schedules/lower/testing/greedy_order.h"
#include "schedules/lower/testing/lowered.h"

namespace baton {
namespace {

TEST_CASE("unsound orders are refused with device, position and action") {
  using Change = void (*)(ComputeOrder&);
  struct Case {
    Change change;
    const char* message;
  };
  // 0F0 0F1 0I0 0F2 0W0 … on device 0 of two; see GreedyOrder.
  const ComputeOrder good = GreedyOrder({0, 1}, 2, 2, true);
  REQUIRE(good.devices[0] == std::vector<Action>{{ActionKind::kForward, 0, 0},
                                                 {ActionKind::kForward, 0, 1},
                                                 {ActionKind::kBackwardInput, 0, 0},
                                                 {ActionKind::kBackwardWeight, 0, 0},
                                                 {ActionKind::kBackwardInput, 0, 1},
                                                 {ActionKind::kBackwardWeight, 0, 1}});
  REQUIRE(Lower(good, {"", VariedCosts(2)}).ok());
  const Case cases[] = {
      {[](ComputeOrder& o) { o.devices[0][1].micro_batch = 0; },
       "device 0 position 1: 0F0 is repeated; first at position 0"},
      {[](ComputeOrder& o) { o.devices[0].erase(o.devices[0].begin() + 5); }, "device 0: 0W1 is missing"},
      {[](ComputeOrder& o) { o.devices[0].resize(4); }, "device 0: 0B1 is missing"},
      {[](ComputeOrder& o) { std::swap(o.devices[0][2], o.devices[0][3]); },
       "device 0 position 2: 0W0 comes before its backward-input"},
      {[](ComputeOrder& o) { std::swap(o.devices[0][0], o.devices[0][2]); },
       "device 0 position 0: 0I0 comes before its forward"},
      {[](ComputeOrder& o) {
         std::swap(o.devices[0][3], o.devices[0][4]);
         std::swap(o.devices[0][4], o.devices[0][5]);
       },
       "device 0 position 5: 0W0 comes after micro-batch 1; a chunk's gradients are added in ascending micro-batch "
       "order"},
      {[](ComputeOrder& o) { o.devices[0][2].kind = ActionKind::kBackward; },
       "device 0 position 3: 0W0 is already part of the backward at position 2"},
      {[](ComputeOrder& o) { o.devices[0][1].chunk = 2; },
       "device 0 position 1: 2F1 names no existing chunk; chunks are 0 to 1"},
      {[](ComputeOrder& o) { o.devices[0][1].micro_batch = -1; },
       "device 0 position 1: 0F-1 names no existing micro-batch; they are 0 to 1"},
      {[](ComputeOrder& o) { o.devices[0][1].chunk = 1; },
       "device 0 position 1: 1F1 is of chunk 1, which is on device 1"},
      {[](ComputeOrder& o) {
         o.placement = ChunkPlacement::Of({0, 2});
       },
       "order: chunk 1 is on device 2; there are 2 devices"},
      {[](ComputeOrder& o) { o.placement = ChunkPlacement::Of({0}); },
       "order: 1 chunks are on devices; there are 2 chunks"},
      {[](ComputeOrder& o) { o.num_micro_batches = 0; },
       "order: 2 chunks and 0 micro-batches; each must be at least 1, their product at most 67108864"},
      {[](ComputeOrder& o) { o.num_chunks = o.num_micro_batches = 2147483647; },
       "order: 2147483647 chunks and 2147483647 micro-batches; each must be at least 1, their product at most "
       "67108864"},
      {[](ComputeOrder& o) {
         // Device 0 runs backward 0 before forward 1, device 1 runs forward 1 before backward 0.
         o.devices[0] = {{ActionKind::kForward, 0, 0},
                         {ActionKind::kBackward, 0, 0},
                         {ActionKind::kForward, 0, 1},
                         {ActionKind::kBackward, 0, 1}};
         o.devices[1] = {{ActionKind::kForward, 1, 0},
                         {ActionKind::kForward, 1, 1},
                         {ActionKind::kBackward, 1, 0},
                         {ActionKind::kBackward, 1, 1}};
       },
       "device 0 position 1: 0B0 can never run: 0B0 waits for 1B0 (device 1 position 2), which is after 1F1; 1F1 waits "
       "for 0F1 (device 0 position 2)"},
  };
  for (const Case& row : cases) {
    ComputeOrder order = good;
    row.change(order);
    const absl::Status status = Lower(order, {"", VariedCosts(2)}).status();
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    CHECK(status.message() == row.message);
  }
}

TEST_CASE("costs and groups that do not fit are refused") {
  const ComputeOrder order = Named("gpipe", {2, 2});
  auto message = [&](const LowerOptions& options) {
    const absl::Status status = Lower(order, options).status();
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  CHECK(message({"", VariedCosts(3)}) == "costs.chunks: 3 chunks; the schedule has 2");
  CostModel costs = VariedCosts(2);
  costs.chunks[0].output_bytes = 128;
  CHECK(message({"", costs}) == "costs.chunks[0].output_bytes: 128; the input of chunk 1 has 256");
  CHECK(message({"", VariedCosts(2), {{ReduceKind::kTiedGradient, "", {0, 2}, 8}}}) ==
        "reduce_groups[0].members: 2; chunks must be 0 to 1 and not descend");
  CHECK(message({"", VariedCosts(2), {{ReduceKind::kTiedGradient, "", {1, 0}, 8}}}) ==
        "reduce_groups[0].members: 0; chunks must be 0 to 1 and not descend");
  CHECK(message({"", VariedCosts(2), {{ReduceKind::kTiedGradient, "", {}, 8}}}) ==
        "reduce_groups[0]: 0 chunks and 8 bytes; it needs a chunk, and bytes must be at least 0");
}

}  // namespace
}  // namespace baton
