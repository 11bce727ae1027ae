// Copies of a pipeline side by side.
#include "schedules/order/replicate.h"

#include <catch2/catch.hpp>

#include "schedules/catalog/catalog.h"
#include "schedules/order/order_index.h"
#include "schedules/order/order_text.h"

namespace baton {
namespace {

TEST_CASE("two copies of a pipeline have devices, micro-batches and replicas of their own") {
  const ComputeOrder one = MakeOrder("1f1b", {2, 2}).value();
  CHECK(FormatOrder(Replicate(one, 2)) ==
        "0F0 0F1 0B0 0B1\n"
        "1F0 1B0 1F1 1B1\n"
        "0F2 0F3 0B2 0B3\n"
        "1F2 1B2 1F3 1B3\n");
  CHECK(Replicate(one, 2).placement == ChunkPlacement::OfReplicas({{0, 1}, {2, 3}}, {0, 0, 1, 1}));
  CHECK(FormatOrder(Replicate(one, 1)) == FormatOrder(one));
  CHECK(Replicate(one, 1).placement == one.placement);
}

TEST_CASE("copies of a bidirectional pipeline keep its own replicas") {
  const ComputeOrder two = Replicate(MakeOrder("chimera", {3, 2}).value(), 2);
  // The device in the middle has one entry for both directions, in either copy.
  CHECK(two.placement == ChunkPlacement::OfReplicas({{0, 1, 2}, {2, 1, 0}, {3, 4, 5}, {5, 4, 3}}, {0, 1, 2, 3}));
}

TEST_CASE("copies of every schedule are sound, and each micro-batch stays in its copy") {
  for (const ScheduleInfo& schedule : Catalog()) {
    for (int replicas : {2, 3}) {
      CAPTURE(schedule.name, replicas);
      const ComputeOrder one = MakeOrder(schedule.name, {4, 8, schedule.default_chunks}).value();
      const ComputeOrder copies = Replicate(one, replicas);
      CHECK(copies.placement.FindFault(one.num_chunks, 4 * replicas, 8 * replicas).empty());
      CHECK(IndexOrder(copies).ok());
      for (int chunk = 0; chunk < one.num_chunks; ++chunk) {
        for (int micro_batch = 0; micro_batch < copies.num_micro_batches; ++micro_batch) {
          const int copy = micro_batch / 8;
          CHECK(copies.DeviceOf(chunk, micro_batch) == 4 * copy + one.DeviceOf(chunk, micro_batch % 8));
        }
      }
    }
  }
}

}  // namespace
}  // namespace baton
