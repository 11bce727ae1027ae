// Diagrams of single devices against the best orders, their budgets, and known values.
#include "schedules/search/device_diagram.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "schedules/search/lower_bound.h"
#include "schedules/search/search.h"
#include "schedules/search/testing/exhaustive.h"
#include "schedules/search/testing/random_case.h"

namespace baton {
namespace {

constexpr int64_t kEnough = 100'000'000;

Nanos BoundOf(const SearchProblem& problem, int device, Nanos known, int64_t steps) {
  const HeadsAndTails windows(problem);
  return DeviceDiagram(problem, windows, device).Bound(known, steps);
}

TEST_CASE("no device's diagram is above the best order, whatever is known and however many steps it may take") {
  std::mt19937 random(1);
  int num_above_windows = 0;
  for (int round = 0; round < 400; ++round) {
    const int m = 1 + static_cast<int>(random() % 4);
    const SearchCase which = RandomCase(3, m, m < 4 ? 2 : 1, random);
    INFO(round << ": " << ToString(which));
    const auto prepared = PrepareSearch(which.request, which.costs, which.options);
    REQUIRE(prepared.ok());
    const SearchProblem& problem = prepared->problem;
    const auto found = Search(which.request, which.costs, which.options);
    REQUIRE(found.ok());
    const Nanos known = found->certificate.objective_ns;
    const Nanos best = BestObjective(problem, known);
    bool is_above = false;
    for (int device = 0; device < problem.num_devices; ++device) {
      // A smaller objective that is known drops more states, so that fewer become one.
      CHECK(BoundOf(problem, device, best, kEnough) <= best);
      const Nanos bound = BoundOf(problem, device, known, kEnough);
      CHECK(bound <= best);
      CHECK(BoundOf(problem, device, INT64_MAX, kEnough) <= bound);
      Nanos before = INT64_MIN;
      for (const int64_t steps : {1, 10, 100, 1000}) {
        const Nanos cut = BoundOf(problem, device, known, steps);
        CHECK(cut >= before);
        CHECK(cut <= bound);
        before = cut;
      }
      is_above = is_above || bound > WindowBound(problem);
    }
    num_above_windows += is_above ? 1 : 0;
  }
  CHECK(num_above_windows > 10);
}

TEST_CASE("with one device and one chunk a diagram is as good as the best order") {
  std::mt19937 random(2);
  for (int round = 0; round < 100; ++round) {
    const SearchCase which = RandomCase(1, 5, 1, random);
    INFO(round << ": " << ToString(which));
    const auto prepared = PrepareSearch(which.request, which.costs, which.options);
    REQUIRE(prepared.ok());
    CHECK(BoundOf(prepared->problem, 0, INT64_MAX, kEnough) == BestObjective(prepared->problem, kNever));
  }
}

// A V whose chunks take 5 for each pass, in memory for `limit` micro-batches.
PreparedSearch UnitV(int p, int m, double limit, Objective objective) {
  CostModel costs;
  costs.chunks.resize(2 * p);
  for (ChunkCosts& chunk : costs.chunks) {
    chunk.forward_ns = chunk.backward_input_ns = chunk.backward_weight_ns = 5;
  }
  SearchOptions options;
  options.placement = Placement::kV;
  options.objective = objective;
  options.limit.micro_batches = {limit};
  return PrepareSearch({p, m, 2}, costs, options).value();
}

TEST_CASE("known values in a V") {
  // With memory for one micro-batch, the two chunks of the last device hold all of it from the first forward to the
  // last backward-weight: 2 devices run the 6 micro-batches one after the other, but for the first device's passes.
  const PreparedSearch one = UnitV(2, 6, 1, Objective::kMakespan);
  CHECK(WindowBound(one.problem) == 195);
  CHECK(BoundOf(one.problem, 1, INT64_MAX, kEnough) == 245);
  CHECK(BestObjective(one.problem, 250) == 245);
  // With that of 1F1B there is an order without any wait.
  const PreparedSearch all = UnitV(4, 12, 4, Objective::kSpan);
  CHECK(BoundOf(all.problem, 3, INT64_MAX, kEnough) == 360);
}

TEST_CASE("steps are taken from the budget, and a diagram that may take none has its first layer alone") {
  const PreparedSearch prepared = UnitV(4, 12, 2, Objective::kMakespan);
  const HeadsAndTails windows(prepared.problem);
  int64_t steps = kEnough;
  DeviceDiagram(prepared.problem, windows, 3).Bound(kNever, steps);
  CHECK(steps < kEnough);
  int64_t none = 0;
  CHECK(DeviceDiagram(prepared.problem, windows, 3).Bound(kNever, none) <= 360);
  CHECK(none == 0);
}

TEST_CASE("devices with many chunks, and too many micro-batches, are left to the windows") {
  SearchCase which;
  which.request = {2, 4, kMostDiagramChunks + 1};
  which.costs.chunks.resize(2 * (kMostDiagramChunks + 1));
  for (ChunkCosts& chunk : which.costs.chunks) chunk.forward_ns = 3;
  auto prepared = PrepareSearch(which.request, which.costs, which.options);
  REQUIRE(prepared.ok());
  CHECK_FALSE(DeviceDiagram::Takes(prepared->problem, 0));
  CHECK(LowerBound(prepared->problem) == WindowBound(prepared->problem));
  prepared->problem = UnitV(2, 4, 1, Objective::kSpan).problem;
  CHECK(DeviceDiagram::Takes(prepared->problem, 0));
  prepared->problem.num_micro_batches = 1 << 16;
  CHECK_FALSE(DeviceDiagram::Takes(prepared->problem, 0));
}

}  // namespace
}  // namespace baton
