// Sizes, costs and runs; see catalog_grid.h.
#include "tests/property/catalog_grid.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "schedules/compile/compile.h"
#include "schedules/search/searched_schedules.h"
#include "schedules/simulate/simulate.h"

namespace baton {

std::string ToString(const Case& which) {
  return which.schedule + " p=" + std::to_string(which.p) + " m=" + std::to_string(which.m) +
         " v=" + std::to_string(which.v) + (which.group == 0 ? "" : " group=" + std::to_string(which.group));
}

void ForEachCase(const std::vector<int>& stages, const std::vector<int>& micro_batches,
                 const std::function<void(const Case&)>& check) {
  for (const ScheduleInfo* each : AllSchedules()) {
    const ScheduleInfo& info = *each;
    const std::vector<int> chunks =
        info.takes_chunks ? std::vector<int>{1, 2, 3, 4} : std::vector<int>{info.default_chunks};
    for (int p : stages) {
      const std::vector<int> groups = info.takes_group ? std::vector<int>{0, p + 1, 2 * p} : std::vector<int>{0};
      for (int m : micro_batches) {
        for (int v : chunks) {
          for (int group : groups) check({std::string(info.name), p, m, v, group});
        }
      }
    }
  }
}

Trace MustSimulate(const Program& program, const CostModel& costs) {
  auto trace = Simulate(program, costs);
  INFO(trace.status().message());
  REQUIRE(trace.ok());
  return *std::move(trace);
}

Outcome Run(const Case& which, const CostModel& costs, const TransportModel& transport) {
  CompileRequest request;
  request.schedule = which.schedule;
  request.num_stages = which.p;
  request.num_micro_batches = which.m;
  request.chunks_per_device = which.v;
  request.micro_batch_group = which.group;
  request.costs = costs;
  request.transport = transport;
  request.search.moves = 50;
  auto program = Compile(request);
  INFO(ToString(which) << ": " << program.status().message());
  REQUIRE(program.ok());
  Outcome outcome;
  outcome.program = *std::move(program);
  auto trace = Simulate(outcome.program, costs, {transport});
  INFO(trace.status().message());
  REQUIRE(trace.ok());
  outcome.trace = *std::move(trace);
  outcome.report = Analyze(outcome.program, outcome.trace);
  return outcome;
}

CostModel EqualCosts(const Case& which, Nanos forward_ns, Nanos backward_input_ns, Nanos backward_weight_ns,
                     Nanos transfer_ns) {
  for (Nanos time : {forward_ns, backward_input_ns, backward_weight_ns}) REQUIRE(time % which.v == 0);
  ChunkCosts chunk;
  chunk.forward_ns = forward_ns / which.v;
  chunk.backward_input_ns = backward_input_ns / which.v;
  chunk.backward_weight_ns = backward_weight_ns / which.v;
  CostModel costs;
  costs.chunks.assign(which.p * which.v, chunk);
  costs.transfer_ns = transfer_ns;
  return costs;
}

CostModel RandomCosts(const Case& which, std::mt19937& random) {
  auto below = [&](unsigned limit) { return static_cast<Nanos>(random() % limit); };
  CostModel costs;
  costs.chunks.resize(which.p * which.v);
  const bool recomputes = below(2) == 0;
  for (ChunkCosts& chunk : costs.chunks) {
    chunk.can_recompute = recomputes && below(3) > 0;
    if (chunk.can_recompute) chunk.recompute_ns = 1 + below(100);
    chunk.forward_ns = 1 + below(100);
    chunk.backward_input_ns = below(100);
    chunk.backward_weight_ns = below(100);
    chunk.update_ns = below(20);
  }
  costs.transfer_ns = below(4) == 0 ? 0 : 1 + below(200);
  costs.load_ns = below(5);
  return costs;
}

std::vector<Nanos*> TimesOf(CostModel& costs) {
  std::vector<Nanos*> times = {&costs.transfer_ns, &costs.load_ns};
  for (ChunkCosts& chunk : costs.chunks) {
    for (auto field : {&ChunkCosts::forward_ns, &ChunkCosts::backward_input_ns, &ChunkCosts::backward_weight_ns,
                       &ChunkCosts::recompute_ns, &ChunkCosts::update_ns}) {
      times.push_back(&(chunk.*field));
    }
  }
  return times;
}

double PeakMicroBatches(const StepReport& report) {
  double peak = 0;
  for (const DeviceReport& device : report.devices) peak = std::max(peak, device.peak_micro_batches);
  return peak;
}

}  // namespace baton
