// Every violation of an order is found; the wait cycles found are minimal.
#include "schedules/verify/check_order.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "schedules/catalog/catalog.h"
#include "schedules/lower/lower.h"
#include "schedules/lower/testing/greedy_order.h"

namespace baton {
namespace {

using Kind = ActionKind;

std::vector<std::string> Found(const ComputeOrder& order) {
  std::vector<std::string> texts;
  for (const OrderViolation& violation : CheckOrder(order).violations) {
    texts.push_back(FormatOrderViolation(violation, PlainPosition));
  }
  return texts;
}

ComputeOrder OneFOneB(int p, int m) {
  auto order = MakeOrder("1f1b", {p, m});
  REQUIRE(order.ok());
  return *std::move(order);
}

TEST_CASE("sound orders have no violation") {
  for (int p : {1, 2, 5}) {
    for (int m : {1, 3, 8}) {
      CHECK(Found(OneFOneB(p, m)).empty());
      CHECK(Found(GreedyOrder(PlaceAsV(p), p, m, true)).empty());
    }
  }
}

TEST_CASE("every violation of an order is found") {
  ComputeOrder order = OneFOneB(2, 3);
  REQUIRE(Found(order).empty());
  // Device 0: 0F0 0F1 0B0 0F2 0B1 0B2; device 1: 1F0 1B0 1F1 1B1 1F2 1B2.
  order.devices[0][4].micro_batch = 0;                  // 0B0 again, 0B1 not
  std::swap(order.devices[1][4], order.devices[1][5]);  // 1B2 before 1F2
  order.devices[1].push_back({Kind::kForward, 0, 2});
  order.devices[1].push_back({Kind::kForward, 1, 7});
  order.devices[1].push_back({Kind::kForward, 9, 0});
  CHECK(Found(order) == std::vector<std::string>{
                            "device 0: 0B1 is missing", "device 0 position 4: 0B0 is repeated; first at position 2",
                            "device 1 position 4: 1B2 comes before its forward",
                            "device 1 position 6: 0F2 is of chunk 0, which is on device 0",
                            "device 1 position 7: 1F7 names no existing micro-batch; they are 0 to 2",
                            "device 1 position 8: 9F0 names no existing chunk; chunks are 0 to 1"});
}

TEST_CASE("orders that went wrong in the field") {
  SECTION("the last rank runs F1 to Fm and never F0") {
    ComputeOrder order = OneFOneB(2, 3);
    order.num_micro_batches = 4;
    for (Action& action : order.devices[1]) {
      if (action.kind == Kind::kForward) ++action.micro_batch;
    }
    const std::vector<std::string> found = Found(order);
    CHECK(std::count(found.begin(), found.end(), "device 1: 1F0 is missing") == 1);
    CHECK(std::count(found.begin(), found.end(), "device 0: 0F3 is missing") == 1);
    CHECK(std::count(found.begin(), found.end(), "device 1 position 3: 1B1 comes before its forward") == 0);
  }
  SECTION("one backward is repeated and another omitted") {
    ComputeOrder order = OneFOneB(3, 4);
    order.devices[2][7].micro_batch = 2;
    CHECK(Found(order) == std::vector<std::string>{"device 2: 2B3 is missing",
                                                   "device 2 position 7: 2B2 is repeated; first at position 5"});
  }
  SECTION("fewer micro-batches than stages, warmed up as if there were more") {
    ComputeOrder order = OneFOneB(4, 4);
    order.num_micro_batches = 2;
    const std::vector<std::string> found = Found(order);
    CHECK(found.size() == 16);  // both passes of two micro-batches on each device
    CHECK(found[0] == "device 0 position 2: 0F2 names no existing micro-batch; they are 0 to 1");
  }
}

TEST_CASE("work on a wrong device is not missing as well, and long runs are one line") {
  ComputeOrder order = OneFOneB(2, 40);
  order.devices[1].push_back(order.devices[0].back());
  order.devices[0].pop_back();
  CHECK(Found(order) == std::vector<std::string>{"device 1 position 80: 0B39 is of chunk 0, which is on device 0"});
  order = OneFOneB(2, 40);
  order.devices[0].erase(std::remove_if(order.devices[0].begin(), order.devices[0].end(),
                                        [](const Action& action) { return action.kind == Kind::kBackward; }),
                         order.devices[0].end());
  CHECK(Found(order) == std::vector<std::string>{"device 0: 0B0 to 0B39 are missing"});
  order = OneFOneB(2, 1);
  order.num_chunks = 5;
  order.placement = ChunkPlacement::Of({0, 1, -1, -1, -1});
  CHECK(Found(order) == std::vector<std::string>{"order: chunks 2 to 4 have no work on any device"});
}

TEST_CASE("halves of a backward") {
  const ComputeOrder good = GreedyOrder({0}, 1, 2, true);  // 0F0 0I0 0F1 0I1 0W0 0W1
  auto kinds = [&](std::vector<Action> actions) {
    ComputeOrder order = good;
    order.devices[0] = std::move(actions);
    return Found(order);
  };
  const Action f0{Kind::kForward, 0, 0}, f1{Kind::kForward, 0, 1}, i0{Kind::kBackwardInput, 0, 0},
      w0{Kind::kBackwardWeight, 0, 0}, b0{Kind::kBackward, 0, 0}, b1{Kind::kBackward, 0, 1};
  CHECK(kinds({f0, i0, w0, f1, b1}).empty());
  CHECK(kinds({f0, w0, i0, f1, b1}) ==
        std::vector<std::string>{"device 0 position 1: 0W0 comes before its backward-input"});
  CHECK(kinds({f0, i0, f1, b1}) == std::vector<std::string>{"device 0: 0W0 is missing"});
  CHECK(kinds({f0, w0, f1, b1}) == std::vector<std::string>{"device 0: 0I0 is missing"});
  CHECK(kinds({f0, b0, w0, f1, b1}) ==
        std::vector<std::string>{"device 0 position 2: 0W0 is already part of the backward at position 1"});
  CHECK(kinds({f0, i0, b0, w0, f1, b1}) ==
        std::vector<std::string>{"device 0 position 2: 0B0 is repeated; first at position 1"});
}

TEST_CASE("gradients that do not ascend are noted, not violations, and lowered only on request") {
  auto order = MakeOrder("gpipe", {2, 2});
  REQUIRE(order.ok());
  std::swap(order->devices[0][2], order->devices[0][3]);
  std::swap(order->devices[1][2], order->devices[1][3]);
  const OrderReport report = CheckOrder(*order);
  CHECK(report.is_sound());
  REQUIRE(report.descent.has_value());
  CHECK(FormatOrderViolation(*report.descent, PlainPosition) ==
        "device 0 position 3: 0B0 comes after micro-batch 1; a chunk's gradients are added in ascending micro-batch "
        "order");
  CHECK_FALSE(Lower(*order, {"", VariedCosts(2)}).ok());
  LowerOptions options{"", VariedCosts(2)};
  options.gradients_ascend = false;
  CHECK(Lower(*order, options).ok());
}

TEST_CASE("an action after its reader on the same device") {
  ComputeOrder order = GreedyOrder({0, 0}, 1, 1, false);  // 0F0 1F0 1B0 0B0
  std::swap(order.devices[0][2], order.devices[0][3]);
  CHECK(Found(order) ==
        std::vector<std::string>{"device 0 position 2: 0B0 comes before 1B0, which it waits for, at position 3"});
}

// Cells as in a file, on devices that are given.
ComputeOrder OrderOf(const std::vector<int32_t>& device_of_chunk, int num_micro_batches,
                     const std::vector<std::vector<const char*>>& rows) {
  ComputeOrder order;
  order.num_chunks = static_cast<int>(device_of_chunk.size());
  order.num_micro_batches = num_micro_batches;
  order.placement = ChunkPlacement::Of(device_of_chunk);
  for (const std::vector<const char*>& row : rows) {
    order.devices.emplace_back();
    for (const char* cell : row) {
      const Kind kind = cell[1] == 'F' ? Kind::kForward : Kind::kBackward;
      order.devices.back().push_back({kind, cell[0] - '0', cell[2] - '0'});
    }
  }
  return order;
}

TEST_CASE("a wait cycle is followed") {
  // Device 0 runs backward 0 before forward 1, device 1 runs forward 1 before backward 0; device 2 waits for both.
  const ComputeOrder order =
      OrderOf({0, 1, 2}, 2, {{"0F0", "0B0", "0F1", "0B1"}, {"1F0", "1F1", "1B0", "1B1"}, {"2F0", "2F1", "2B0", "2B1"}});
  CHECK(Found(order) == std::vector<std::string>{
                            "device 0 position 1: 0B0 can never run, a cycle of 2 waits: 0B0 waits for 1B0 (device 1 "
                            "position 2), which is after 1F1; 1F1 waits for 0F1 (device 0 position 2), which is after "
                            "0B0"});
}

TEST_CASE("the shortest wait cycle is found, even after the heads of a longer one") {
  // The heads wait around all three devices: 0B0, 1B0, 2B0, and 3B0 behind 0B0. Behind them 0B1 and 1F2 do for two.
  const ComputeOrder order =
      OrderOf({0, 1, 2, 0}, 3,
              {{"0F0", "0F1", "3F0", "3F1", "0B0", "3B0", "0B1", "0F2", "3F2", "3B1", "3B2", "0B2"},
               {"1F0", "1F1", "1B0", "1F2", "1B1", "1B2"},
               {"2F0", "2F1", "2B0", "2F2", "2B1", "2B2"}});
  CHECK(Found(order) == std::vector<std::string>{
                            "device 0 position 6: 0B1 can never run, a cycle of 2 waits: 0B1 waits for 1B1 (device 1 "
                            "position 4), which is after 1F2; 1F2 waits for 0F2 (device 0 position 7), which is after "
                            "0B1"});
}

TEST_CASE("two separate deadlocks are both reported") {
  // Chunks 0 and 1 on devices 0 and 1, 2 and 3 on devices 2 and 3; each pair as in the case above.
  const auto f = [](int chunk, int micro_batch) { return Action{Kind::kForward, chunk, micro_batch}; };
  const auto b = [](int chunk, int micro_batch) { return Action{Kind::kBackward, chunk, micro_batch}; };
  ComputeOrder order;
  order.num_chunks = 4;
  order.num_micro_batches = 2;
  order.placement = ChunkPlacement::Of({0, 1, 2, 3});
  order.devices = {{f(0, 0), b(0, 0), f(0, 1), b(0, 1)},
                   {f(1, 0), f(1, 1), b(1, 0), b(1, 1)},
                   {f(2, 0), b(2, 0), f(2, 1), b(2, 1)},
                   {f(3, 0), f(3, 1), b(3, 0), b(3, 1)}};
  const OrderReport report = CheckOrder(order);
  REQUIRE(report.cycles.size() == 2);
  CHECK(report.cycles[0].size() == 2);
  CHECK(report.cycles[1].size() == 2);
}

TEST_CASE("an order has no violation if and only if it can be lowered") {
  std::mt19937 random(7);
  int num_sound = 0;
  int num_cycles = 0;
  for (int round = 0; round < 3000; ++round) {
    ComputeOrder order = GreedyOrder({0, 2, 1, 1, 0}, 3, 3, round % 2 == 0);
    for (unsigned n = random() % 3; n < 3; ++n) {
      std::vector<Action>& actions = order.devices[random() % 3];
      std::swap(actions[random() % actions.size()], actions[random() % actions.size()]);
      if (random() % 8 == 0) actions[random() % actions.size()].micro_batch = static_cast<int32_t>(random() % 4);
    }
    const OrderReport report = CheckOrder(order);
    LowerOptions options{"", VariedCosts(5)};
    options.gradients_ascend = false;
    const absl::Status status = Lower(order, options).status();
    INFO(round << ": " << status);
    REQUIRE(report.is_sound() == status.ok());
    // Each is a cycle: the source of a wait is the next wait's action or comes after it.
    for (const std::vector<OrderWait>& cycle : report.cycles) {
      ++num_cycles;
      for (size_t i = 0; i < cycle.size(); ++i) {
        const OrderWait& next = cycle[(i + 1) % cycle.size()];
        REQUIRE(cycle[i].source_device == next.device);
        REQUIRE(cycle[i].source_position >= next.position);
      }
    }
    num_sound += status.ok() ? 1 : 0;
  }
  CHECK(num_sound > 50);
  CHECK(num_cycles > 300);
}

}  // namespace
}  // namespace baton
