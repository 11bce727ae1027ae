// Recomputations in an order: where they go, and that nothing else changes.
#include "schedules/order/recompute.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "schedules/catalog/catalog.h"
#include "schedules/order/order_text.h"

namespace baton {
namespace {

TEST_CASE("a recomputation goes right before each backward of the chunks that recompute") {
  const ComputeOrder order = MakeOrder("1f1b", {2, 2}).value();
  CHECK(FormatOrder(AddRecompute(order, {true, false})) ==
        "0F0 0F1 0R0 0B0 0R1 0B1\n"
        "1F0 1B0 1F1 1B1\n");
  // Right behind its forward nothing has been lost.
  CHECK(FormatOrder(AddRecompute(MakeOrder("zb-h1", {2, 2}).value(), {false, true})) ==
        "0F0 0F1 0I0 0W0 0I1 0W1\n"
        "1F0 1I0 1F1 1I1 1W0 1W1\n");
  CHECK(FormatOrder(AddRecompute(MakeOrder("gpipe", {1, 2}).value(), {true})) == "0F0 0F1 0R0 0B0 0R1 0B1\n");
}

TEST_CASE("what an order recomputes itself stays where it is") {
  ComputeOrder order = MakeOrder("gpipe", {1, 2}).value();
  order.devices[0].insert(order.devices[0].begin() + 1, {ActionKind::kRecompute, 0, 0});
  CHECK(HasRecompute(order, 0));
  CHECK(FormatOrder(AddRecompute(order, {true})) == FormatOrder(order));
}

TEST_CASE("every schedule: a recomputation before each backward but right behind its forward; else the same order") {
  for (const ScheduleInfo& info : Catalog()) {
    const ComputeOrder order = MakeOrder(info.name, {4, 6}).value();
    std::vector<bool> recomputes(order.num_chunks);
    for (size_t chunk = 0; chunk < recomputes.size(); chunk += 2) recomputes[chunk] = true;
    ComputeOrder result = AddRecompute(order, recomputes);
    CAPTURE(info.name);
    for (int device = 0; device < order.num_devices(); ++device) {
      std::vector<Action> others;
      std::vector<Action>& actions = result.devices[device];
      for (size_t i = 1; i < actions.size(); ++i) {
        if (!IsBackward(actions[i].kind) || !recomputes[actions[i].chunk]) continue;
        const Action forward = {ActionKind::kForward, actions[i].chunk, actions[i].micro_batch};
        const Action again = {ActionKind::kRecompute, actions[i].chunk, actions[i].micro_batch};
        const bool is_there = actions[i - 1] == again;
        REQUIRE(is_there != (actions[i - 1] == forward));
      }
      for (size_t i = 0; i < actions.size(); ++i) {
        if (actions[i].kind != ActionKind::kRecompute) {
          others.push_back(actions[i]);
          continue;
        }
        REQUIRE(recomputes[actions[i].chunk]);
        const bool is_together = i + 2 < actions.size() && actions[i + 1].kind == ActionKind::kForward;
        const Action& backward = actions[i + (is_together ? 2 : 1)];
        REQUIRE(IsBackward(backward.kind));
        REQUIRE(backward.chunk == actions[i].chunk);
        REQUIRE(backward.micro_batch == actions[i].micro_batch);
      }
      CHECK(others == order.devices[device]);
    }
    for (size_t chunk = 0; chunk < recomputes.size(); ++chunk) {
      if (!recomputes[chunk]) CHECK_FALSE(HasRecompute(result, chunk));
    }
  }
}

}  // namespace
}  // namespace baton
