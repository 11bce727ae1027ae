// The bound against the best order, found by trying all; and the search against both.
#include "schedules/search/lower_bound.h"

#include <catch2/catch.hpp>
#include <random>

#include "schedules/search/search.h"
#include "schedules/search/testing/exhaustive.h"
#include "schedules/search/testing/random_case.h"
#include "schedules/search/timing.h"

namespace baton {
namespace {

TEST_CASE("no order is shorter than the bound, and the search nearly always finds a shortest one") {
  std::mt19937 random(1);
  int num_cases = 0, num_found = 0, num_tight = 0;
  double longest = 1;
  for (int p = 1; p <= 3; ++p) {
    for (int m = 1; m <= 4; ++m) {
      for (int round = 0; round < 40; ++round) {
        SearchCase which;
        do {
          which = RandomCase(p, m, p * m <= 8 ? 2 : 1, random);
        } while (which.request.num_stages != p || which.request.num_micro_batches != m);
        which.options.moves.reset();
        INFO(ToString(which));
        const auto prepared = PrepareSearch(which.request, which.costs, which.options);
        REQUIRE(prepared.ok());
        const auto result = Search(which.request, which.costs, which.options);
        REQUIRE(result.ok());
        const Nanos found = result->certificate.objective_ns;
        const Nanos best = BestObjective(prepared->problem, found);
        REQUIRE(LowerBound(prepared->problem) <= best);
        REQUIRE(LowerBound(prepared->problem, found) <= best);
        REQUIRE(LowerBound(prepared->problem, found) >= WindowBound(prepared->problem));
        ++num_cases;
        num_found += found == best ? 1 : 0;
        num_tight += result->certificate.lower_bound_ns == best ? 1 : 0;
        longest = std::max(longest, static_cast<double>(found) / static_cast<double>(best));
      }
    }
  }
  CAPTURE(num_cases, num_found, num_tight, longest);
  CHECK(num_found >= 0.98 * num_cases);
  CHECK(num_tight >= 0.95 * num_cases);
  CHECK(longest <= 1.1);
}

TEST_CASE("the oracle finds known optima, and nothing better than the value it is given") {
  SearchCase which;
  which.request = {2, 2, 1};
  which.costs.chunks.resize(2);
  for (ChunkCosts& chunk : which.costs.chunks) {
    chunk.forward_ns = chunk.backward_input_ns = chunk.backward_weight_ns = 10;
  }
  const auto prepared = PrepareSearch(which.request, which.costs, which.options);
  REQUIRE(prepared.ok());
  // F0 F1 . I0 W0 I1 W1 | . F0 I0 F1 I1 W0 W1: one idle slot before the first forward or within.
  CHECK(BestObjective(prepared->problem, kNever) == 70);
  CHECK(BestObjective(prepared->problem, 70) == 70);
  CHECK(BestObjective(prepared->problem, 50) == 50);
}

TEST_CASE("bounds match known values") {
  struct Known {
    int p, m;
    double limit;
    Objective objective;
    Nanos bound;
  };
  // F = B = W = 10. With memory: the work alone, and in the makespan the stagger of fill and drain. With memory for one
  // micro-batch: its path through all devices.
  const Known known = GENERATE(Known{1, 6, 1, Objective::kMakespan, 180}, Known{4, 12, 7, Objective::kSpan, 360},
                               Known{4, 12, 12, Objective::kMakespan, 390}, Known{4, 12, 4, Objective::kSpan, 390},
                               Known{4, 3, 1, Objective::kMakespan, 270});
  SearchCase which;
  which.request = {known.p, known.m, 1};
  which.costs.chunks.resize(known.p);
  for (ChunkCosts& chunk : which.costs.chunks) {
    chunk.forward_ns = chunk.backward_input_ns = chunk.backward_weight_ns = 10;
  }
  which.options.limit.micro_batches = {known.limit};
  which.options.objective = known.objective;
  const auto prepared = PrepareSearch(which.request, which.costs, which.options);
  REQUIRE(prepared.ok());
  CHECK(LowerBound(prepared->problem) == known.bound);
}

TEST_CASE("a recomputation counts as work, and may run while its device waits for the gradient") {
  SearchCase which;
  which.request = {2, 1, 1};
  which.costs.chunks.resize(2);
  for (ChunkCosts& chunk : which.costs.chunks) {
    chunk.forward_ns = chunk.backward_input_ns = chunk.backward_weight_ns = 10;
    chunk.recompute_ns = 10;
  }
  const auto bound = [&which] { return LowerBound(PrepareSearch(which.request, which.costs, which.options)->problem); };
  CHECK(bound() == 50);
  which.costs.chunks[0].can_recompute = true;
  CHECK(bound() == 50);  // the first device waits for 20
  which.costs.chunks[0].recompute_ns = 25;
  CHECK(bound() == 55);
  which.costs.chunks[0].can_recompute = false;
  which.costs.chunks[1].can_recompute = true;
  CHECK(bound() == 60);  // the last device does not wait
  // Where the passes fill the device, all recomputations count.
  which.request.num_micro_batches = 40;
  const Nanos without = 40 * 30;
  CHECK(bound() >= without + 40 * 10);
}

TEST_CASE("a bound with recomputations is never above an order that runs them right before their backward-inputs") {
  std::mt19937 random(3);
  for (int round = 0; round < 100; ++round) {
    SearchCase which = RandomCase(2, 3, 2, random);
    for (ChunkCosts& chunk : which.costs.chunks) {
      chunk.can_recompute = random() % 2 == 0;
      chunk.recompute_ns = static_cast<Nanos>(random() % 15);
    }
    INFO(round << ": " << ToString(which));
    const auto prepared = PrepareSearch(which.request, which.costs, which.options);
    REQUIRE(prepared.ok());
    const auto found = Search(which.request, which.costs, which.options);
    REQUIRE(found.ok());
    CHECK(found->certificate.lower_bound_ns <= BestObjective(prepared->problem, found->certificate.objective_ns));
    const Nanos bound = LowerBound(prepared->problem);
    for (ChunkCosts& chunk : which.costs.chunks) chunk.can_recompute = false;
    CHECK(WindowBound(PrepareSearch(which.request, which.costs, which.options)->problem) <= bound);
  }
}

TEST_CASE("less memory or more time never lowers the bound") {
  std::mt19937 random(2);
  for (int round = 0; round < 200; ++round) {
    SearchCase which = RandomCase(6, 10, 3, random);
    which.options.objective = Objective::kMakespan;
    INFO(ToString(which));
    const auto bound = [&which] {
      return LowerBound(PrepareSearch(which.request, which.costs, which.options)->problem);
    };
    const Nanos before = bound();
    CostModel costs = which.costs;
    which.costs.chunks[random() % which.costs.chunks.size()].backward_input_ns += 7;
    CHECK(bound() >= before);
    which.costs = costs;
    which.options.limit.weight_fraction = which.options.limit.weight_fraction.value_or(0);
    const Nanos with_fraction = bound();
    which.options.limit.weight_fraction = 1;
    CHECK(bound() >= with_fraction);
  }
}

}  // namespace
}  // namespace baton
