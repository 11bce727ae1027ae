// The search by itself: repeatable, within limits, never worse with more moves; and the requests that it refuses.
#include "schedules/search/search.h"

#include <catch2/catch.hpp>
#include <random>

#include "schedules/search/improve.h"
#include "schedules/search/list_scheduler.h"
#include "schedules/search/lower_bound.h"
#include "schedules/search/searched_schedules.h"
#include "schedules/search/testing/random_case.h"
#include "schedules/search/timing.h"

namespace baton {
namespace {

TEST_CASE("list scheduling never gets stuck and keeps the limit, whatever the policy") {
  std::mt19937 random(1);
  for (int round = 0; round < 400; ++round) {
    const SearchCase which = RandomCase(6, 12, 4, random);
    INFO(ToString(which));
    const auto prepared = PrepareSearch(which.request, which.costs, which.options);
    REQUIRE(prepared.status() == absl::OkStatus());
    ListScheduler scheduler(prepared->problem);
    Timing timing(prepared->problem);
    Word word;
    for (const ListPolicy& policy : ListPolicies(prepared->problem)) {
      const Nanos objective = scheduler.Run(policy, kNever, word);
      REQUIRE(objective != kNever);
      REQUIRE(IsWithinLimits(prepared->problem, word));
      REQUIRE(timing.Time(word) <= objective);
      CHECK(scheduler.Run(policy, objective, word) == kNever);  // it gives up once it cannot be better
    }
  }
}

TEST_CASE("moves keep a word within limits, and its best only gets shorter") {
  std::mt19937 random(2);
  for (int round = 0; round < 60; ++round) {
    const SearchCase which = RandomCase(5, 10, 3, random);
    INFO(ToString(which));
    const auto prepared = PrepareSearch(which.request, which.costs, which.options);
    REQUIRE(prepared.ok());
    Word word;
    ListScheduler(prepared->problem).Run(ListPolicies(prepared->problem)[0], kNever, word);
    Timing timing(prepared->problem);
    Improver improver(prepared->problem, word, round);
    Nanos best = timing.Time(word);
    CHECK(improver.best_ns() == best);
    for (int move = 0; move < 300; ++move) {
      improver.Move();
      REQUIRE(improver.best_ns() <= best);
      best = improver.best_ns();
    }
    CHECK(timing.Time(improver.best()) == best);
    CHECK(IsWithinLimits(prepared->problem, improver.best()));
  }
}

TEST_CASE("the same moves and seed find the same order; a word may differ by the seed") {
  std::mt19937 random(3);
  bool differs = false;
  for (int round = 0; round < 30; ++round) {
    SearchCase which = RandomCase(5, 12, 2, random);
    const auto once = Search(which.request, which.costs, which.options);
    const auto again = Search(which.request, which.costs, which.options);
    REQUIRE(once.ok());
    CHECK(once->order.devices == again->order.devices);
    CHECK(once->certificate.moves <= 100);
    ++which.options.seed;
    differs = differs || Search(which.request, which.costs, which.options)->order.devices != once->order.devices;
    // A budget in seconds determines the number of moves and nothing else.
    which.options.seconds = 3600;
    which.options.seed -= 1;
    CHECK(Search(which.request, which.costs, which.options)->order.devices == once->order.devices);
  }
  CHECK(differs);
}

TEST_CASE("more moves are never worse, and progress is reported") {
  std::mt19937 random(4);
  for (int round = 0; round < 30; ++round) {
    SearchCase which = RandomCase(5, 12, 2, random);
    INFO(ToString(which));
    Nanos previous = kNever;
    for (const int64_t moves : {0, 10, 100, 1000}) {
      which.options.moves = moves;
      SearchProgress last;
      which.options.progress = [&last](const SearchProgress& progress) {
        CHECK(progress.moves >= last.moves);
        CHECK_FALSE(last.is_done);
        CHECK(progress.share >= last.share);
        CHECK(progress.share <= 1);
        last = progress;
      };
      const auto result = Search(which.request, which.costs, which.options);
      REQUIRE(result.ok());
      const Certificate& certificate = result->certificate;
      CHECK(certificate.objective_ns <= previous);
      CHECK(certificate.lower_bound_ns <= certificate.objective_ns);
      CHECK(last.is_done);
      CHECK(last.moves == certificate.moves);
      CHECK(last.objective_ns == certificate.objective_ns);
      CHECK((certificate.moves == moves || certificate.gap() == 0));  // it ends early if the bound is reached
      previous = certificate.objective_ns;
    }
  }
}

TEST_CASE("words derived from a pattern are shorter than it, and moves from them shorter than from it") {
  SearchCase which;
  which.request = {8, 24, 2};
  ChunkCosts chunk;
  chunk.forward_ns = 9'261'000;
  chunk.backward_input_ns = 9'043'000;
  chunk.backward_weight_ns = 4'668'500;
  which.costs.chunks.assign(16, chunk);
  which.costs.transfer_ns = 601'000;
  which.options.placement = Placement::kV;
  which.options.limit.micro_batches = {6};
  which.options.moves = 0;
  const auto constructed = Search(which.request, which.costs, which.options);
  REQUIRE(constructed.ok());
  // Moves from the pattern and from list scheduling alone end at 1310 ms.
  CHECK(constructed->certificate.start == "v-half, squeezed, waits filled");
  CHECK(constructed->certificate.objective_ns <= 1'306'000'000);
  which.options.moves.reset();
  const auto improved = Search(which.request, which.costs, which.options);
  REQUIRE(improved.ok());
  CHECK(improved->certificate.objective_ns <= 1'298'000'000);
}

TEST_CASE("list scheduling gives up if nothing can be shorter than what is known") {
  std::mt19937 random(6);
  for (int round = 0; round < 50; ++round) {
    const SearchCase which = RandomCase(5, 10, 3, random);
    INFO(ToString(which));
    const auto prepared = PrepareSearch(which.request, which.costs, which.options);
    REQUIRE(prepared.ok());
    Word word;
    REQUIRE(Construct(prepared->problem, kNever, word) != kNever);
    CHECK(Construct(prepared->problem, LowerBound(prepared->problem), word) == kNever);
  }
}

TEST_CASE("a bad request is refused by field") {
  SearchCase which;
  which.request = {2, 4, 1};
  which.costs.chunks.resize(2);
  which.request.num_micro_batches = 0;
  CHECK(RefusalOf(which) == "batch.micro_batches: 0; must be at least 1");
  which.request.num_micro_batches = 4;
  which.costs.chunks.resize(3);
  CHECK(RefusalOf(which) == "costs.chunks: 3 chunks; the schedule has 2");
  which.costs.chunks.resize(2);
  which.options.placement = Placement::kV;
  CHECK(RefusalOf(which) ==
        "pipeline.chunks_per_device: 1; pipeline.search.placement V takes exactly 2 chunks per device");
  which.options.placement = Placement::kLoop;
  which.options.limit.micro_batches = {0.75};
  CHECK(RefusalOf(which) ==
        "pipeline.search.activation_limit_micro_batches: device 0 is limited to 0.75 micro-batches; the smallest limit "
        "that any order can keep is 1 micro-batch, for one micro-batch in flight");
}

TEST_CASE("costs of zero and a single device can be searched too") {
  for (const int stages : {1, 3}) {
    SearchCase which;
    which.request = {stages, 5, 1};
    which.costs.chunks.resize(stages);
    const auto nothing = Search(which.request, which.costs, which.options);
    REQUIRE(nothing.ok());
    CHECK(nothing->certificate.objective_ns == 0);
    CHECK(nothing->certificate.gap() == 0);
    for (ChunkCosts& chunk : which.costs.chunks) chunk.forward_ns = 3;
    const auto forwards = Search(which.request, which.costs, which.options);
    REQUIRE(forwards.ok());
    CHECK(forwards->certificate.objective_ns == 3 * (5 + stages - 1));
    CHECK(forwards->certificate.gap() == 0);
  }
}

TEST_CASE("searched schedules follow the catalog and have other names") {
  const auto all = AllSchedules();
  CHECK(all.size() == Catalog().size() + SearchedSchedules().size());
  CHECK(FindAnySchedule("1f1b").ok());
  REQUIRE(FindAnySchedule("zb-auto").ok());
  CHECK(IsSearched(**FindAnySchedule("zb-auto")));
  for (const ScheduleInfo& info : SearchedSchedules()) CHECK_FALSE(FindSchedule(info.name).ok());
  const absl::Status unknown = FindAnySchedule("1f2b").status();
  CHECK(unknown.code() == absl::StatusCode::kInvalidArgument);
  CHECK(std::string(unknown.message()).find("dualpipe, zb-auto") != std::string::npos);
}

}  // namespace
}  // namespace baton
