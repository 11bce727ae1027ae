// Properties of time, for every schedule, many sizes and random costs: no work is lost, nothing is faster than its data
// allows, and a program behaves under changed costs as a fixed order must.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "tests/property/catalog_grid.h"

namespace baton {
namespace {

TEST_CASE("every program does all the work, and is no faster than its data allows") {
  std::mt19937 random(1);
  ForEachCase({1, 2, 3, 5, 8, 13}, {1, 2, 4, 7, 16, 27}, [&](const Case& which) {
    const CostModel costs = RandomCosts(which, random);
    const Outcome outcome = Run(which, costs);
    INFO(ToString(which));
    // The path of one micro-batch through all chunks and back to the first chunk's backward-input.
    Nanos way = 0;
    std::vector<Nanos> work(which.p, 0);
    std::vector<Nanos> step(which.p, 0);
    for (int chunk = 0; chunk < which.p * which.v; ++chunk) {
      const ChunkCosts& cost = costs.chunks[chunk];
      const Program& program = outcome.program;
      for (int i = 0; i < which.m; ++i) work[program.DeviceOf(chunk, i)] += cost.forward_ns + cost.backward_ns();
      for (int device = 0; device < which.p; ++device) {
        if (program.placement.IndexOn(chunk, device) >= 0) step[device] += cost.update_ns;
      }
      way += cost.forward_ns + cost.backward_input_ns;
      // Replicas take the same path in opposite directions.
      if (chunk > 0 && program.DeviceOf(chunk - 1, 0) != program.DeviceOf(chunk, 0)) way += 2 * costs.transfer_ns;
    }
    for (int device = 0; device < which.p; ++device) {
      for (const Instruction& instruction : outcome.program.devices[device].instructions) {
        const Recompute* again = std::get_if<Recompute>(&instruction.operation);
        if (again != nullptr) work[device] += costs.chunks[again->chunk].recompute_ns;
      }
    }
    REQUIRE(outcome.report.step_time >= way);
    for (int device = 0; device < which.p; ++device) {
      const DeviceReport& report = outcome.report.devices[device];
      REQUIRE(report.work == work[device]);
      REQUIRE(report.busy >= work[device] + step[device]);
      REQUIRE(report.busy + report.idle.Total() == outcome.report.step_time);
      REQUIRE(report.idle.dispatch == 0);
      REQUIRE(report.span <= outcome.report.step_time);
    }
  });
}

TEST_CASE("one queue a peer, or one a device, is as safe and as fast as one a peer and direction") {
  std::mt19937 random(4);
  ForEachCase({1, 2, 3, 5, 8}, {1, 2, 5, 8, 13}, [&](const Case& which) {
    CostModel costs = RandomCosts(which, random);
    // Transfers are placed as if loads took no time and each pass at least one nanosecond.
    costs.load_ns = 0;
    for (ChunkCosts& chunk : costs.chunks) {
      chunk.backward_input_ns = std::max<Nanos>(1, chunk.backward_input_ns);
      chunk.backward_weight_ns = std::max<Nanos>(1, chunk.backward_weight_ns);
    }
    const Nanos step_time = Run(which, costs).report.step_time;
    for (const QueueKind queues : {QueueKind::kPerPeer, QueueKind::kPerDevice}) {
      INFO(ToString(which));
      REQUIRE(Run(which, costs, {0, queues}).report.step_time == step_time);
    }
  });
}

// Orders of this size have all phases and few enough costs to raise each in turn.
TEST_CASE("raising any one cost never makes any instruction end earlier") {
  std::mt19937 random(2);
  ForEachCase({2, 3, 5}, {3, 8}, [&](const Case& which) {
    CostModel costs = RandomCosts(which, random);
    const Outcome outcome = Run(which, costs);
    INFO(ToString(which));
    for (Nanos* time : TimesOf(costs)) {
      const Nanos raise = 1 + static_cast<Nanos>(random() % 300);
      *time += raise;
      const Trace later = MustSimulate(outcome.program, costs);
      *time -= raise;
      bool earlier = false;
      for (int device = 0; device < which.p; ++device) {
        for (size_t i = 0; i < later.devices[device].size(); ++i) {
          earlier = earlier || later.devices[device][i].end < outcome.trace.devices[device][i].end;
        }
      }
      REQUIRE_FALSE(earlier);
    }
  });
}

TEST_CASE("scaling all costs scales every moment") {
  std::mt19937 random(3);
  ForEachCase({1, 2, 3, 4, 8}, {1, 5, 16}, [&](const Case& which) {
    CostModel costs = RandomCosts(which, random);
    const Outcome outcome = Run(which, costs);
    INFO(ToString(which));
    const Nanos factor = 2 + static_cast<Nanos>(random() % 1000);
    for (Nanos* time : TimesOf(costs)) *time *= factor;
    const Trace scaled = MustSimulate(outcome.program, costs);
    bool all = true;
    for (int device = 0; device < which.p; ++device) {
      for (size_t i = 0; i < scaled.devices[device].size(); ++i) {
        const Interval& before = outcome.trace.devices[device][i];
        const Interval& after = scaled.devices[device][i];
        all = all && after.start == factor * before.start && after.end == factor * before.end;
      }
    }
    REQUIRE(all);
  });
}

// Peak memory follows from the order alone; orders that are made for the costs stay within their pattern's.
TEST_CASE("peak memory does not depend on the costs") {
  std::mt19937 random(4);
  ForEachCase({2, 3, 8}, {1, 6, 17}, [&](const Case& which) {
    const auto schedule = FindSchedule(which.schedule);
    if (!schedule.ok()) return;  // a searched order depends on the costs
    const Outcome equal = Run(which, EqualCosts(which, 12, 12, 12));
    const Outcome other = Run(which, RandomCosts(which, random));
    INFO(ToString(which));
    double pattern = 0;
    for (const DeviceReport& device : equal.report.devices) pattern = std::max(pattern, device.peak_micro_batches);
    for (int device = 0; device < which.p; ++device) {
      const double peak = other.report.devices[device].peak_micro_batches;
      if ((*schedule)->is_scheduled_by_costs) {
        REQUIRE(peak <= pattern);
      } else {
        REQUIRE(peak == equal.report.devices[device].peak_micro_batches);
      }
    }
  });
}

}  // namespace
}  // namespace baton
