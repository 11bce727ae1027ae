// The schedules with two copies of the parameters: pictures, properties, and what the index of an order says of copies.
#include "schedules/catalog/bidirectional.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "schedules/catalog/testing/replay.h"
#include "schedules/order/forward_only.h"
#include "schedules/order/order_index.h"
#include "schedules/order/order_text.h"

namespace baton {
namespace {

ComputeOrder Chimera(int p, int m) { return *MakeChimeraOrder({p, m, 1}); }
ComputeOrder DualPipe(int p, int m) { return *MakeDualPipeOrder({p, m, 1}); }

TEST_CASE("bidirectional schedules look like their pictures") {
  CHECK("\n" + Picture(Chimera(4, 4)) == R"(
0F0 0F2 .   3F1 3B1---- 3F3 3B3---- .   0B0---- .   .   0B2----
.   1F0 2F1 1F2 2F3 .   2B1---- 1B0---- 2B3---- 1B2----
.   1F1 2F0 1F3 2F2 .   2B0---- 1B1---- 2B2---- 1B3----
0F1 0F3 .   3F0 3B0---- 3F2 3B2---- .   0B1---- .   .   0B3----
)");
  CHECK("\n" + Picture(Chimera(3, 3)) == R"(
0F0 0F2 .   2F1 2B1---- .   0B0---- .   .   0B2----
.   1F0 1F1 1F2 .   1B0---- 1B1---- 1B2----
0F1 .   2F0 2B0---- 2F2 2B2---- .   0B1----
)");
  CHECK("\n" + Picture(DualPipe(4, 8)) == R"(
0F0 0F2 0F4 3F1 3I1 3W1 3F3 0F6 3B3---- 3F5 0B0---- 3B5---- 3F7 .   0B2---- 3B7---- 0I4 0W4 0I6 0W6
.   1F0 2F1 1F2 2F3 1F4 2B1---- 2F5 1B0---- 1F6 2B3---- 2F7 1B2---- 2B5---- 1B4---- 2I7 1I6 2W7 1W6
.   1F1 2F0 1F3 2F2 1F5 2B0---- 2F4 1B1---- 1F7 2B2---- 2F6 1B3---- 2B4---- 1B5---- 2I6 1I7 2W6 1W7
0F1 0F3 0F5 3F0 3I0 3W0 3F2 0F7 3B2---- 3F4 0B1---- 3B4---- 3F6 .   0B3---- 3B6---- 0I5 0W5 0I7 0W7
)");
  CHECK(FormatOrder(DualPipe(3, 3)) == R"(0F0 0F2 2F1 2I1 2W1 0B0 0B2
1F1 1F0 1F2 1B0 1B1 1B2
0F1 2F0 2I0 2W0 2F2 2B2 0B1
)");
}

// RunAtUnitCosts also checks that each order is whole and can run, and that on each device the backwards of a chunk
// ascend, also on the one in the middle.
TEST_CASE("bidirectional schedules are no slower than 1f1b, whatever p and m") {
  for (int p = 1; p <= 12; ++p) {
    for (int m = 1; m <= 26; ++m) {
      INFO("p=" << p << " m=" << m);
      const Replay chimera = RunAtUnitCosts(Chimera(p, m));
      CHECK(chimera.makespan <= 3 * (m + p - 1));
      CHECK(chimera.peak_live <= std::min(p, m));
      const Replay dualpipe = RunAtUnitCosts(DualPipe(p, m));
      CHECK(dualpipe.makespan <= 3 * (m + p - 1));
      CHECK(dualpipe.peak_live <= std::min(2 * ((p + 1) / 2) + 1, m));
    }
  }
}

TEST_CASE("bidirectional schedules have the bubbles of their papers") {
  for (int p : {2, 4, 6, 8, 12}) {
    for (int m : {p, 2 * p, 2 * p + 2, 5 * p}) {
      INFO("p=" << p << " m=" << m);
      // Chimera: ratio (p−2)/(3m/2 + p−2) at m = p, B = 2F.
      CHECK(RunAtUnitCosts(Chimera(p, m)).makespan == 3 * m + 2 * (p - 2));
      if (m >= 2 * p) CHECK(RunAtUnitCosts(DualPipe(p, m)).makespan == 3 * m + p / 2 - 1);
    }
  }
}

TEST_CASE("a micro-batch stays with its replica") {
  for (int p : {1, 2, 3, 4}) {
    for (const ComputeOrder& order : {Chimera(p, 6), DualPipe(p, 6), ForwardOnly(Chimera(p, 6))}) {
      REQUIRE(IndexOrder(order).ok());
      for (int device = 0; device < p; ++device) {
        for (const Action& action : order.devices[device]) {
          CHECK(action.chunk == (action.micro_batch % 2 == 0 ? device : p - 1 - device));
        }
      }
    }
  }
  // One micro-batch has no use for a second replica.
  CHECK(Chimera(3, 1).placement.num_replicas() == 1);
}

TEST_CASE("long and wide bidirectional pipelines are made") {
  CHECK(Chimera(100000, 3).num_devices() == 100000);
  CHECK(Chimera(3, 100000).num_micro_batches == 100000);
  CHECK(DualPipe(100000, 3).num_devices() == 100000);
  CHECK(DualPipe(3, 100000).num_micro_batches == 100000);
}

TEST_CASE("the index refuses replicas that are not whole") {
  struct Case {
    void (*damage)(ComputeOrder&);
    const char* message;
  };
  const Case cases[] = {
      {[](ComputeOrder& o) {
         o.placement = ChunkPlacement::OfReplicas({{0, 1}, {1, 0}}, {0, 1, 0});
       },
       "order: 3 micro-batches have a replica; there are 4 micro-batches"},
      {[](ComputeOrder& o) {
         o.placement = ChunkPlacement::OfReplicas({{0, 1}, {1, 0}}, {0, 1, -1, 1});
       },
       "order: micro-batch 2 uses replica -1; there are 2 replicas"},
      {[](ComputeOrder& o) {
         o.placement = ChunkPlacement::OfReplicas({{0, 1}, {1, 0}}, {0, 1, 2, 1});
       },
       "order: micro-batch 2 uses replica 2; there are 2 replicas"},
      {[](ComputeOrder& o) {
         o.placement = ChunkPlacement::OfReplicas({{0, 1}, {1, 0}}, {});
       },
       "order: no micro-batch has a replica; there are 2 replicas"},
      {[](ComputeOrder& o) {
         o.placement = ChunkPlacement::OfReplicas({{0, 1}, {1, 5}}, {0, 1, 0, 1});
       },
       "order: chunk 1 is on device 5; there are 2 devices"},
      {[](ComputeOrder& o) {
         o.placement = ChunkPlacement::OfReplicas({{0, 1}, {1, 0}}, {0, 1, 1, 1});
       },
       "device 0 position 3: 0F2 is of chunk 0, which is on device 1"},
      {[](ComputeOrder& o) { o.devices[0].pop_back(); }, "device 0: 0B2 is missing"},
  };
  for (const Case& row : cases) {
    ComputeOrder order = Chimera(2, 4);
    REQUIRE(IndexOrder(order).ok());
    row.damage(order);
    const absl::Status status = IndexOrder(order).status();
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    CHECK(status.message() == row.message);
  }
}

TEST_CASE("replicas that share a device add their gradients in one order") {
  ComputeOrder order = Chimera(1, 2);
  REQUIRE(FormatOrder(order) == "0F0 0B0 0F1 0B1\n");
  std::swap(order.devices[0][0], order.devices[0][2]);
  std::swap(order.devices[0][1], order.devices[0][3]);
  CHECK(IndexOrder(order).status().code() == absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace baton
