// The validator accepts lowered programs: of the catalog, of other placements, with split backwards, at any costs and
// any size. rules_test.cc and mutation_test.cc have the programs that it must reject.
#include "schedules/validate/validate.h"

#include <catch2/catch.hpp>
#include <vector>

#include "schedules/catalog/catalog.h"
#include "schedules/lower/lower.h"
#include "schedules/lower/testing/greedy_order.h"
#include "schedules/order/forward_only.h"
#include "schedules/validate/testing/lowered_program.h"

namespace baton {
namespace {

TEST_CASE("lowered programs of the catalog are sound") {
  for (const ScheduleInfo& info : Catalog()) {
    for (int p : {1, 2, 3, 4, 7}) {
      for (int m : {1, 2, 3, 6, 11}) {
        for (int v : {1, 2, 3}) {
          if (v != info.default_chunks && !info.takes_chunks) continue;
          INFO(info.name << " p=" << p << " m=" << m << " v=" << v);
          auto order = MakeOrder(info.name, {p, m, v});
          REQUIRE(order.ok());
          CheckSound(MustLower(*order));
          CheckSound(MustLower(ForwardOnly(*order)));
        }
      }
    }
  }
}

TEST_CASE("lowered programs of other placements and split backwards are sound") {
  for (bool split : {false, true}) {
    for (int m : {1, 2, 5, 9}) {
      for (int p : {1, 2, 3, 4, 6}) CheckSound(MustLower(GreedyOrder(PlaceAsV(p), p, m, split)));
      CheckSound(MustLower(GreedyOrder({0, 2, 1, 1, 0, 2, 2}, 3, m, split)));
      CheckSound(MustLower(GreedyOrder({3, 1, 0, 3, 1, 0}, 4, m, split)));
    }
  }
}

TEST_CASE("the times of the cost model do not affect soundness") {
  // Costs that make many receives coincide: no latency, stages of no time, and a chunk a million times slower.
  for (int variant = 0; variant < 4; ++variant) {
    const ComputeOrder order = GreedyOrder(PlaceAsV(3), 3, 6, true);
    CostModel costs = VariedCosts(6);
    if (variant == 0) costs.transfer_ns = 0;
    if (variant == 1) costs.transfer_ns = 1000000;
    for (int chunk = 0; chunk < 6; ++chunk) {
      if (variant == 2 && chunk % 2 == 0) {
        costs.chunks[chunk].forward_ns = costs.chunks[chunk].backward_input_ns = 0;
        costs.transfer_ns = 0;
      }
      if (variant == 3 && chunk == 2) costs.chunks[chunk].forward_ns = 100000000;
    }
    auto program = Lower(order, {"", costs});
    REQUIRE(program.ok());
    CheckSound(*program);
  }
}

TEST_CASE("wide and long pipelines are proven, in linear time") {
  for (const OrderRequest& request : {OrderRequest{20000, 2}, OrderRequest{1, 40000}, OrderRequest{2, 40000}}) {
    auto order = MakeOrder("1f1b", request);
    REQUIRE(order.ok());
    CheckSound(MustLower(*order));
  }
}

TEST_CASE("an empty program is rejected without a crash") {
  CHECK(!CheckProgram(Program()).ok());
  Program program;
  program.num_chunks = 1;
  program.num_micro_batches = 1;
  program.placement = ChunkPlacement::Of({0});
  CHECK(!CheckProgram(program).ok());
  program.devices.resize(1);
  CHECK(!CheckProgram(program).ok());
}

}  // namespace
}  // namespace baton
