// Critical paths of every schedule, over many sizes, costs and transports: they fill the step, and their counts are the
// derivative of its time.
#include "schedules/analyze/critical_path.h"

#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "absl/strings/str_cat.h"
#include "schedules/analyze/cost_derivatives.h"
#include "schedules/simulate/simulate.h"
#include "tests/property/catalog_grid.h"

namespace baton {
namespace {

Blame BlameOfRun(const Program& program, const Trace& trace, const TransportModel& transport) {
  return BlameOf(program, CriticalPath(program, Dependencies(program, transport), trace), trace);
}

Nanos StepTime(const Program& program, const CostModel& costs, const TransportModel& transport) {
  return Analyze(program, Simulate(program, costs, {transport}).value()).step_time;
}

// Each cost by the name that CostDerivatives gives it.
std::map<std::string, Nanos*> NamedCosts(CostModel& costs) {
  std::map<std::string, Nanos*> named = {{"load", &costs.load_ns}, {"reduce", &costs.reduce_ns}};
  for (size_t i = 0; i < costs.chunks.size(); ++i) {
    const std::string chunk = absl::StrCat("chunk ", i, " ");
    named[chunk + "forward"] = &costs.chunks[i].forward_ns;
    named[chunk + "backward-input"] = &costs.chunks[i].backward_input_ns;
    named[chunk + "backward-weight"] = &costs.chunks[i].backward_weight_ns;
    named[chunk + "recompute"] = &costs.chunks[i].recompute_ns;
    named[chunk + "update"] = &costs.chunks[i].update_ns;
    if (i + 1 < costs.chunks.size()) named[absl::StrCat("link ", i, "-", i + 1)] = &costs.link_ns[i];
  }
  return named;
}

TEST_CASE("the critical path fills the step without gaps, whatever the schedule and transport") {
  std::mt19937 random(11);
  ForEachCase({1, 2, 3, 5, 8}, {1, 2, 5, 8, 13}, [&](const Case& which) {
    const CostModel costs = RandomCosts(which, random);
    static constexpr TransportModel kTransports[] = {
        {}, {0, QueueKind::kPerPeer}, {0, QueueKind::kPerDevice}, {1}, {2, QueueKind::kPerPeer}};
    const TransportModel& transport = kTransports[random() % 5];
    const Outcome outcome = Run(which, costs, transport);
    INFO(ToString(which) << " buffers " << transport.buffered_slots << " queues "
                         << static_cast<int>(transport.queues));
    const auto path = CriticalPath(outcome.program, Dependencies(outcome.program, transport), outcome.trace);
    Nanos now = 0;
    for (const PathSegment& segment : path) {
      REQUIRE_FALSE(segment.is_gap);
      REQUIRE(segment.begin == now);
      now = segment.end;
    }
    REQUIRE(now == outcome.report.step_time);
  });
}

TEST_CASE("the gradient is the derivative: finite differences from both sides agree with it") {
  std::mt19937 random(12);
  int64_t exact = 0, ties = 0;
  ForEachCase({1, 2, 4}, {1, 3, 8}, [&](const Case& which) {
    CostModel costs = RandomCosts(which, random);
    costs.link_ns.assign(costs.chunks.size(), 0);
    for (auto& [name, cost] : NamedCosts(costs)) *cost = 1 + *cost * 1000 + static_cast<Nanos>(random() % 1000);
    const TransportModel transport = random() % 3 == 0 ? TransportModel{2} : TransportModel{};
    const Outcome outcome = Run(which, costs, transport);
    std::map<std::string, int64_t> gradient;
    for (const CostDerivative& of : CostDerivatives(costs, BlameOfRun(outcome.program, outcome.trace, transport))) {
      gradient[of.name] = static_cast<int64_t>(of.step_per_cost);
    }
    Nanos sum = 0;
    for (auto& [name, cost] : NamedCosts(costs)) {
      INFO(ToString(which) << " " << name);
      sum += *cost * gradient[name];
      *cost += 1;
      const Nanos above = StepTime(outcome.program, costs, transport) - outcome.report.step_time;
      *cost -= 2;
      const Nanos below = outcome.report.step_time - StepTime(outcome.program, costs, transport);
      *cost += 1;
      // Convex: where paths are equally long the derivative jumps, and this one lies between.
      REQUIRE(below <= gradient[name]);
      REQUIRE(gradient[name] <= above);
      (below == above ? exact : ties) += 1;
    }
    // Homogeneous: twice the costs, twice the time.
    REQUIRE(sum == outcome.report.step_time);
    REQUIRE(NamedCosts(costs).size() >= gradient.size());
  });
  CHECK(exact > 50 * ties);
}

TEST_CASE("where transfers take turns on links the path goes through those that were waited for") {
  std::mt19937 random(13);
  int64_t queued = 0, exact = 0, others = 0;
  ForEachCase({2, 4}, {1, 3, 8}, [&](const Case& which) {
    CostModel costs = RandomCosts(which, random);
    costs.link_ns.clear();
    for (ChunkCosts& chunk : costs.chunks) {
      chunk.input_bytes = chunk.output_bytes = 64;
      for (auto time : {&ChunkCosts::forward_ns, &ChunkCosts::backward_input_ns, &ChunkCosts::backward_weight_ns}) {
        chunk.*time = 1 + chunk.*time * 1000 + static_cast<Nanos>(random() % 1000);
      }
    }
    costs.chunks.back().output_bytes = 0;
    costs.transfer_ns = 5'000 + static_cast<Nanos>(random() % 1000);
    costs.bytes_per_ns = 64.0 / static_cast<double>(20'000 + random() % 90'000);
    costs.devices_per_node = 2;
    costs.inter = {9'000 + static_cast<Nanos>(random() % 1000), 64.0 / static_cast<double>(30'000 + random() % 90'000)};
    const Outcome outcome = Run(which, costs);
    INFO(ToString(which));
    const auto path = CriticalPath(outcome.program, Dependencies(outcome.program), outcome.trace, &costs);
    Nanos now = 0;
    for (const PathSegment& segment : path) {
      REQUIRE_FALSE(segment.is_gap);
      REQUIRE(segment.begin == now);
      now = segment.end;
      queued += segment.without_latency ? 1 : 0;
    }
    REQUIRE(now == outcome.report.step_time);
    // The latencies within nodes and from node to node; sums over devices have them too, in rounds of their own.
    const Blame blame = BlameOf(outcome.program, path, outcome.trace);
    if (blame.reduce.count > 0) return;
    int64_t within = 0, between = 0;
    for (const LinkBlame& link : blame.links) {
      (costs.NodeOf(link.from) == costs.NodeOf(link.to) ? within : between) += link.carried.count;
    }
    const std::pair<Nanos*, int64_t> latencies[] = {{&costs.transfer_ns, within}, {&costs.inter.latency_ns, between}};
    for (const auto& [latency, count] : latencies) {
      *latency += 1;
      const Nanos above = StepTime(outcome.program, costs, {}) - outcome.report.step_time;
      *latency -= 2;
      const Nanos below = outcome.report.step_time - StepTime(outcome.program, costs, {});
      *latency += 1;
      if (above != below) {
        ++others;  // another path, or another order of turns
        continue;
      }
      ++exact;
      REQUIRE(count == above);
    }
  });
  CHECK(queued > 100);
  CHECK(exact > 20 * others);
}

}  // namespace
}  // namespace baton
