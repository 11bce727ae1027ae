// Branch and bound against every order, and as a part of the search: proofs, budgets, and what it refuses.
#include "schedules/search/exact.h"

#include <catch2/catch.hpp>
#include <random>
#include <string>

#include "schedules/search/lower_bound.h"
#include "schedules/search/search.h"
#include "schedules/search/testing/exhaustive.h"
#include "schedules/search/testing/random_case.h"
#include "schedules/search/timing.h"

namespace baton {
namespace {

constexpr auto kGoesOn = [] { return true; };

TEST_CASE("it finds the shortest of all orders, from nothing") {
  std::mt19937 random(1);
  for (int round = 0; round < 150; ++round) {
    const int m = 1 + static_cast<int>(random() % 3);
    const SearchCase which = RandomCase(3, m, m < 3 ? 3 : 2, random);
    INFO(round << ": " << ToString(which));
    const auto prepared = PrepareSearch(which.request, which.costs, which.options);
    REQUIRE(prepared.ok());
    const SearchProblem& problem = prepared->problem;
    const auto found = Search(which.request, which.costs, which.options);
    REQUIRE(found.ok());
    const Nanos best = BestObjective(problem, found->certificate.objective_ns);
    Exact exact(problem);
    REQUIRE(exact.Run(kNever - 1, kGoesOn) == Exact::Outcome::kProven);
    REQUIRE(exact.best_ns() == best);
    CHECK(IsWithinLimits(problem, exact.best()));
    Timing timing(problem);
    CHECK(timing.Time(exact.best()) == best);
    // Nothing is below the best; and the best itself is at most the best.
    Exact below(problem);
    CHECK(below.Run(best - 1, kGoesOn) == Exact::Outcome::kProven);
    CHECK(below.best().empty());
    Exact at(problem);
    CHECK(at.Run(best, kGoesOn) == Exact::Outcome::kProven);
    CHECK(at.best_ns() == best);
  }
}

TEST_CASE("the bound of the empty state is no less than that of the whole problem, and never above the best order") {
  std::mt19937 random(2);
  for (int round = 0; round < 200; ++round) {
    const SearchCase which = RandomCase(3, 2, 2, random);
    INFO(ToString(which));
    const auto prepared = PrepareSearch(which.request, which.costs, which.options);
    REQUIRE(prepared.ok());
    const SearchProblem& problem = prepared->problem;
    const Nanos best = BestObjective(problem, kNever);
    const Nanos bound = ExactBound(problem).Of(ExactState(problem));
    CHECK(bound <= best);
    // NeededBefore's further work is counted at the root alone.
    if (problem.num_chunks > problem.num_devices) CHECK(bound >= WindowBound(problem));
  }
}

SearchCase UnequalStages() {
  SearchCase which;
  which.request = {3, 6, 1};
  const Nanos times[][3] = {{10, 13, 7}, {12, 11, 9}, {9, 14, 8}};
  for (const auto& [forward, input, weight] : times) {
    ChunkCosts chunk;
    chunk.forward_ns = forward;
    chunk.backward_input_ns = input;
    chunk.backward_weight_ns = weight;
    which.costs.chunks.push_back(chunk);
  }
  which.costs.transfer_ns = 3;
  which.options.limit.micro_batches = {2};
  which.options.moves = 0;
  which.options.exact = true;
  return which;
}

TEST_CASE("a search that ends is proven, one that is cut says how far it came, and both repeat") {
  SearchCase which = UnequalStages();
  const auto proven = Search(which.request, which.costs, which.options);
  REQUIRE(proven.ok());
  CHECK(proven->certificate.gap() == 0);
  CHECK(proven->certificate.nodes > 1);
  CHECK(proven->certificate.nodes < kDefaultNodes);
  Nanos bound = 0;
  for (const int64_t nodes : {1, 10, 100}) {
    which.options.exact_nodes = nodes;
    const auto cut = Search(which.request, which.costs, which.options);
    REQUIRE(cut.ok());
    CHECK(cut->certificate.nodes <= nodes);
    CHECK(cut->certificate.objective_ns >= proven->certificate.objective_ns);
    CHECK(cut->certificate.lower_bound_ns <= proven->certificate.objective_ns);
    CHECK(cut->certificate.lower_bound_ns >= bound);
    const auto again = Search(which.request, which.costs, which.options);
    CHECK(again->order.devices == cut->order.devices);
    CHECK(again->certificate.lower_bound_ns == cut->certificate.lower_bound_ns);
  }
}

TEST_CASE("progress of branch and bound is reported") {
  SearchCase which = UnequalStages();
  SearchProgress last;
  which.options.progress = [&last](const SearchProgress& progress) {
    CHECK_FALSE(last.is_done);
    CHECK(progress.nodes >= last.nodes);
    CHECK(progress.share >= last.share);
    last = progress;
  };
  const auto result = Search(which.request, which.costs, which.options);
  REQUIRE(result.ok());
  CHECK(last.is_done);
  CHECK(last.nodes == result->certificate.nodes);
  CHECK(last.lower_bound_ns == last.objective_ns);
}

TEST_CASE("what it cannot prove is refused by field") {
  SearchCase which = UnequalStages();
  which.request.num_micro_batches = 400;
  CHECK(RefusalOf(which) == "pipeline.search.exact: 3600 passes (chunks × micro-batches × 3) must be at most 3000");
  which = UnequalStages();
  which.costs.cores.cores = 1;
  CHECK(RefusalOf(which) ==
        "pipeline.search.exact: the devices share cores; it goes with a core for each thread alone");
  which = UnequalStages();
  which.costs.chunks[1].can_recompute = true;
  which.costs.chunks[1].recompute_ns = 5;
  CHECK(RefusalOf(which) ==
        "pipeline.search.exact: chunk 1 recomputes activations; it goes without recomputation alone");
}

}  // namespace
}  // namespace baton
