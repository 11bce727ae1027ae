// Simulations of devices that share cores: by hand, the same to the bit where no core is shared, and no work lost.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "schedules/catalog/catalog.h"
#include "schedules/lower/lower.h"
#include "schedules/simulate/simulate.h"
#include "schedules/simulate/testing/lowered.h"

namespace baton {
namespace {

std::vector<std::pair<Nanos, Nanos>> ComputeOf(const Program& program, const Trace& trace, int device) {
  std::vector<std::pair<Nanos, Nanos>> intervals;
  for (size_t i = 0; i < trace.devices[device].size(); ++i) {
    const Interval& interval = trace.devices[device][i];
    if (IsCompute(program.devices[device].instructions[i].operation) && interval.end > interval.start) {
      intervals.push_back({interval.start, interval.end});
    }
  }
  return intervals;
}

bool AreEqual(const Trace& a, const Trace& b) {
  for (size_t device = 0; device < a.devices.size(); ++device) {
    for (size_t i = 0; i < a.devices[device].size(); ++i) {
      const Interval& one = a.devices[device][i];
      const Interval& other = b.devices[device][i];
      if (one.ready != other.ready || one.start != other.start || one.end != other.end) return false;
    }
  }
  return true;
}

CostModel VariedTimes(int num_chunks, Nanos transfer) {
  CostModel costs = UniformCosts(num_chunks, 100, 90, 60, transfer);
  for (size_t i = 0; i < costs.chunks.size(); ++i) {
    costs.chunks[i].forward_ns += static_cast<Nanos>(37 * i % 51);
    costs.chunks[i].backward_weight_ns += static_cast<Nanos>(23 * i % 41);
    costs.chunks[i].update_ns = static_cast<Nanos>(11 * i % 7);
  }
  return costs;
}

Nanos WorkOf(const Program& program, const CostModel& costs) {
  Nanos work = 0;
  for (const ChunkCosts& chunk : costs.chunks) {
    work += program.num_micro_batches * (chunk.forward_ns + chunk.backward_ns()) + chunk.update_ns;
  }
  return work;
}

TEST_CASE("two devices on one core take twice the time where they overlap") {
  CostModel costs = UniformCosts(2, 10, 12, 8, 0);
  costs.cores.cores = 1;
  const Program program = LowerNamed("gpipe", {2, 2}, costs);
  const Trace trace = MustSimulate(program, costs);
  using Pairs = std::vector<std::pair<Nanos, Nanos>>;
  //            0    10        30    40     60          100    120
  //   device 0 | F0 | F1 at ½ |     |      |  B at ½   |  B   |
  //   device 1 |    | F0 at ½ | F1  |  B   |  B at ½   |      |
  CHECK(ComputeOf(program, trace, 0) == Pairs{{0, 10}, {10, 30}, {60, 100}, {100, 120}});
  CHECK(ComputeOf(program, trace, 1) == Pairs{{10, 30}, {30, 40}, {40, 60}, {60, 100}});
}

TEST_CASE("a transfer takes no core, and what it brings shares from its arrival on") {
  CostModel costs = UniformCosts(2, 10, 12, 8, 5);
  costs.cores.cores = 1;
  const Program program = LowerNamed("gpipe", {2, 2}, costs);
  const Trace trace = MustSimulate(program, costs);
  // Device 0 has half of F1 done at 15, when F0 arrives on device 1; at 25 F1 is done, and F0 has 5 of its 10.
  CHECK(ComputeOf(program, trace, 0)[1] == std::make_pair(Nanos{10}, Nanos{25}));
  CHECK(ComputeOf(program, trace, 1)[0] == std::make_pair(Nanos{15}, Nanos{30}));
}

TEST_CASE("with a core for each device nothing changes, to the bit") {
  for (const ScheduleInfo& info : Catalog()) {
    for (int buffered_slots : {0, 2}) {
      CostModel costs = VariedTimes(4 * info.default_chunks, 7);
      costs.wake_ns = 3;
      TransportModel transport;
      transport.buffered_slots = buffered_slots;
      LowerOptions options{std::string(info.name), costs};
      options.transport = transport;
      const Program program = Lower(MakeOrder(info.name, {4, 8}).value(), options).value();
      CAPTURE(info.name, buffered_slots);
      const Trace alone = Simulate(program, costs, {transport}).value();
      costs.cores = {4, 1, 0};
      CHECK(AreEqual(alone, Simulate(program, costs, {transport}).value()));
      costs.cores = {1, 1, 1};
      CHECK(AreEqual(alone, Simulate(program, costs, {transport}).value()));
      // With naive no two devices ever compute at once.
      costs.cores = {1, 1, 0};
      CHECK(AreEqual(alone, Simulate(program, costs, {transport}).value()) == (info.name == "naive"));
    }
  }
}

TEST_CASE("one core is never idle without transfers, and more cores are never slower") {
  for (const ScheduleInfo& info : Catalog()) {
    for (const Nanos transfer : {0, 40}) {
      CostModel costs = VariedTimes(4 * info.default_chunks, transfer);
      const Program program = LowerNamed(std::string(info.name), {4, 8}, costs);
      const Nanos alone = StepTimeOf(MustSimulate(program, costs));
      const Nanos work = WorkOf(program, costs);
      Nanos before = INT64_MAX;
      for (int cores = 1; cores <= 4; ++cores) {
        CAPTURE(info.name, transfer, cores);
        costs.cores.cores = cores;
        const Nanos step = StepTimeOf(MustSimulate(program, costs));
        // Each of an instruction's start and end may be late by a nanosecond.
        constexpr Nanos kRounding = 100;
        CHECK(step * cores >= work);
        CHECK(step >= alone);
        CHECK(step <= before);
        if (cores == 1 && transfer == 0 && !info.has_replicas) CHECK(step <= work + kRounding);
        if (cores == 4) CHECK(step == alone);
        before = step;
      }
    }
  }
}

TEST_CASE("hosts share cores each for itself, with links between them that queue") {
  CostModel costs = VariedTimes(8, 7);
  for (ChunkCosts& chunk : costs.chunks) chunk.input_bytes = chunk.output_bytes = 6400;
  costs.bytes_per_ns = 256;
  costs.devices_per_node = 2;
  costs.inter = {20, 64};
  for (const char* name : {"gpipe", "1f1b", "zb-h1", "eager-1f1b"}) {
    const Program program = LowerNamed(name, {8, 12}, costs);
    CAPTURE(name);
    costs.cores = {};
    const Nanos alone = StepTimeOf(MustSimulate(program, costs));
    costs.cores = {1, 1, 2};
    const Nanos pairs = StepTimeOf(MustSimulate(program, costs));
    costs.cores = {1, 1, 0};
    const Nanos all = StepTimeOf(MustSimulate(program, costs));
    CHECK(alone < pairs);
    CHECK(pairs < all);
  }
}

}  // namespace
}  // namespace baton
