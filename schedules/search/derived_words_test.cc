// Words derived from others: devices that run later passes while they would wait, and words that repeat.
#include <catch2/catch.hpp>
#include <random>

#include "schedules/search/list_scheduler.h"
#include "schedules/search/pull_forward.h"
#include "schedules/search/repeated_word.h"
#include "schedules/search/search.h"
#include "schedules/search/testing/random_case.h"
#include "schedules/search/timing.h"

namespace baton {
namespace {

// One device with two micro-batches, or two devices; F = 10, I = 10, W = 10 for each chunk.
PreparedSearch Equal(int p, int m, double limit) {
  CostModel costs;
  costs.chunks.resize(p);
  for (ChunkCosts& chunk : costs.chunks) {
    chunk.forward_ns = chunk.backward_input_ns = chunk.backward_weight_ns = 10;
  }
  SearchOptions options;
  options.limit.micro_batches = {limit};
  return PrepareSearch({p, m, 1}, costs, options).value();
}

constexpr int32_t F0 = PassOf(0, kForwardPass), I0 = PassOf(0, kInputPass), W0 = PassOf(0, kWeightPass);
constexpr int32_t F1 = PassOf(1, kForwardPass), I1 = PassOf(1, kInputPass), W1 = PassOf(1, kWeightPass);

TEST_CASE("a device that waits runs later passes, within its memory") {
  // One micro-batch after the other: the first device waits for its backward-input.
  const Word word = {F0, I0, W0, F0, I0, W0, F1, I1, W1, F1, I1, W1};
  const PreparedSearch two = Equal(2, 2, 2);
  CHECK(PullForward(two.problem, word, 1) == Word{F0, F0, I0, W0, I0, W0, F1, I1, W1, F1, I1, W1});
  // In memory for one micro-batch nothing can run earlier.
  const PreparedSearch one = Equal(2, 2, 1);
  CHECK(PullForward(one.problem, word, 1) == word);
}

TEST_CASE("a later pass may delay the next one by the part of its time that does not count") {
  // The second device has its first micro-batch's weights left when the second activation arrives 5 later.
  PreparedSearch prepared = Equal(2, 2, 2);
  prepared.problem.duration[F0] = 15;
  const Word word = {F0, F0, I0, W0, I0, W0, F1, I1, F1, W1, I1, W1};
  // F1 at 15, I1 at 25, then W1 at 35 would end at 45; the second forward starts at 35 already.
  CHECK(PullForward(prepared.problem, word, 1) == word);
  prepared.problem.duration[F0] = 30;
  // Now the second activation arrives at 60, after I1 at 40 to 50: W1 fits exactly.
  const Word pulled = {F0, F0, I0, W0, I0, W0, F1, I1, W1, F1, I1, W1};
  CHECK(PullForward(prepared.problem, word, 1) == pulled);
  prepared.problem.duration[W1] = 14;
  CHECK(PullForward(prepared.problem, word, 1) == word);
  CHECK(PullForward(prepared.problem, word, 0.5) == pulled);
}

TEST_CASE("what is pulled forward runs to its end within the limits, and nothing is lost") {
  std::mt19937 random(1);
  int shorter = 0;
  for (int round = 0; round < 200; ++round) {
    const SearchCase which = RandomCase(6, 10, 3, random);
    INFO(round << ": " << ToString(which));
    const auto prepared = PrepareSearch(which.request, which.costs, which.options);
    REQUIRE(prepared.ok());
    const SearchProblem& problem = prepared->problem;
    Timing timing(problem);
    Word word;
    for (const ListPolicy& policy : ListPolicies(problem)) {
      REQUIRE(ListScheduler(problem).Run(policy, kNever, word) != kNever);
      for (const double share : {1.0, 0.5, 0.0}) {
        const Word pulled = PullForward(problem, word, share);
        REQUIRE(pulled.size() == word.size());
        CHECK(IsWithinLimits(problem, pulled));
        const Nanos objective = timing.Time(pulled);
        REQUIRE(objective != kNever);
        shorter += objective < timing.Time(word) ? 1 : 0;
      }
    }
  }
  CHECK(shorter > 100);
}

TEST_CASE("a word that repeats is read from its middle, and unrolled without passes that it does not have") {
  const PreparedSearch prepared = Equal(2, 4, 2);
  // 1F1B: the first device is one micro-batch behind with its backward.
  const Word word = {F0, F0, I0, W0, F0, I0, W0, F0, I0, W0, I0, W0, F1, I1, W1, F1, I1, W1, F1, I1, W1, F1, I1, W1};
  const RepeatedWord repeated = RepeatedWordOf(prepared.problem, word, 1);
  REQUIRE(repeated.devices.size() == 2);
  std::vector<int32_t> lags;
  for (const RepeatedWord::Letter& letter : repeated.devices[0]) lags.push_back(letter.lag);
  CHECK(lags == std::vector<int32_t>{0, 1, 1});
  CHECK(Unroll(prepared.problem, repeated) == word);
}

TEST_CASE("moves of a repeated word find a shorter one within the limits, or none, and repeat") {
  std::mt19937 random(2);
  int found = 0, shorter = 0;
  for (int round = 0; round < 60; ++round) {
    const SearchCase which = RandomCase(5, 12, 2, random);
    INFO(round << ": " << ToString(which));
    const auto prepared = PrepareSearch(which.request, which.costs, which.options);
    REQUIRE(prepared.ok());
    const SearchProblem& problem = prepared->problem;
    Timing timing(problem);
    Word word;
    REQUIRE(Construct(problem, kNever, word) != kNever);
    const RepeatedWord start = RepeatedWordOf(problem, word, problem.num_micro_batches / 2);
    const Word improved = ImproveRepeated(problem, start, 300, 1);
    CHECK(improved == ImproveRepeated(problem, start, 300, 1));
    if (improved.empty()) continue;
    ++found;
    REQUIRE(static_cast<int32_t>(improved.size()) == problem.num_passes());
    CHECK(IsWithinLimits(problem, improved));
    const Nanos objective = timing.Time(improved);
    REQUIRE(objective != kNever);
    const Word unrolled = Unroll(problem, start);
    if (!IsWithinLimits(problem, unrolled)) continue;
    CHECK(objective <= timing.Time(unrolled));
    shorter += objective < timing.Time(unrolled) ? 1 : 0;
  }
  CHECK(found > 40);
  CHECK(shorter > 10);
}

}  // namespace
}  // namespace baton
