// Backward-weights in an order: their positions, the memory limit, and an order that cannot keep it.
#include "schedules/catalog/fill_weights.h"

#include <catch2/catch.hpp>

#include "schedules/catalog/building_block.h"
#include "schedules/order/order_text.h"

namespace baton {
namespace {

// One device with one chunk that alternates forwards and backward-inputs after `ahead` forwards.
ComputeOrder OneDevice(int m, int ahead) {
  ComputeOrder order;
  order.num_chunks = 1;
  order.num_micro_batches = m;
  order.placement = ChunkPlacement::Of({0});
  order.devices.resize(1);
  RepeatBlock({3, {0}, {3 * ahead + 1}}, ActionKind::kBackwardInput, order);
  return order;
}

TEST_CASE("a block repeats in the order in which its passes begin") {
  CHECK(FormatOrder(OneDevice(3, 0)) == "0F0 0I0 0F1 0I1 0F2 0I2\n");
  CHECK(FormatOrder(OneDevice(3, 1)) == "0F0 0F1 0I0 0F2 0I1 0I2\n");
}

TEST_CASE("backward-weights wait until memory is full") {
  struct Case {
    int max_live;
    const char* text;
  };
  const Case cases[] = {
      {1, "0F0 0I0 0W0 0F1 0I1 0W1 0F2 0I2 0W2\n"},
      {2, "0F0 0I0 0F1 0I1 0W0 0F2 0I2 0W1 0W2\n"},
      {3, "0F0 0I0 0F1 0I1 0F2 0I2 0W0 0W1 0W2\n"},
  };
  for (const Case& row : cases) {
    ComputeOrder order = OneDevice(3, 0);
    REQUIRE(FillBackwardWeights(row.max_live, WhenIdle::kWait, order).ok());
    CHECK(FormatOrder(order) == row.text);
  }
}

// Two devices with a chunk each: the first waits for the second after F0.
TEST_CASE("an idle device runs ahead if it may and has room") {
  struct Case {
    int max_live;
    WhenIdle when_idle;
    const char* first_device;
  };
  const Case cases[] = {
      {3, WhenIdle::kWait, "0F0 0I0 0F1 0W0 0I1 0F2 0W1 0I2 0W2"},
      {2, WhenIdle::kRunAhead, "0F0 0I0 0F1 0W0 0I1 0F2 0W1 0I2 0W2"},
      {3, WhenIdle::kRunAhead, "0F0 0F1 0I0 0W0 0I1 0F2 0W1 0I2 0W2"},
  };
  for (const Case& row : cases) {
    ComputeOrder order;
    order.num_chunks = 2;
    order.num_micro_batches = 3;
    order.placement = ChunkPlacement::Of({0, 1});
    order.devices.resize(2);
    RepeatBlock({4, {0, 1}, {3, 2}}, ActionKind::kBackwardInput, order);
    REQUIRE(FillBackwardWeights(row.max_live, row.when_idle, order).ok());
    const std::string text = FormatOrder(order);
    CHECK(text.substr(0, text.find('\n')) == row.first_device);
  }
}

TEST_CASE("an order that exceeds the memory limit is an internal error") {
  ComputeOrder order = OneDevice(3, 1);
  const absl::Status status = FillBackwardWeights(1, WhenIdle::kWait, order);
  CHECK(status.code() == absl::StatusCode::kInternal);
  CHECK(status.message() == "order: 1 activations are too few for device 0 to go on");
}

}  // namespace
}  // namespace baton
