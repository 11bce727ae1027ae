// Squeezed patterns: sound words, within the pattern's memory, and the bubbles that the authors' scheduler reaches.
#include "schedules/search/squeezed_pattern.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "schedules/search/search.h"
#include "schedules/search/timing.h"

namespace baton {
namespace {

// Times of a whole stage, and of a transfer between halves, in microseconds.
struct Stage {
  const char* name;
  Nanos forward, input, weight, transfer;
};
constexpr Stage kUnit = {"unit", 2000, 2000, 2000, 0};
constexpr Stage kUneven = {"1 : 1.2 : 0.8", 2000, 2400, 1600, 100};
constexpr Stage k1500M = {"1.5B", 18522, 18086, 9337, 601};

PreparedSearch Prepare(const Stage& stage, int p, int m, double limit, double weight_fraction) {
  OrderRequest request = {p, m, 2};
  CostModel costs;
  ChunkCosts chunk;
  chunk.forward_ns = 500 * stage.forward;
  chunk.backward_input_ns = 500 * stage.input;
  chunk.backward_weight_ns = 500 * stage.weight;
  costs.chunks.assign(2 * p, chunk);
  costs.transfer_ns = 500 * stage.transfer;
  SearchOptions options;
  options.placement = Placement::kV;
  options.objective = Objective::kSpan;
  options.limit.micro_batches = {limit};
  options.limit.weight_fraction = weight_fraction;
  const auto prepared = PrepareSearch(request, costs, options);
  REQUIRE(prepared.status() == absl::OkStatus());
  return *prepared;
}

// The span bubble of the shortest word within the limit; 1 if there is none.
double BubbleOf(const PreparedSearch& prepared, const VPattern& pattern) {
  const SearchProblem& problem = prepared.problem;
  std::vector<Word> words;
  SqueezePattern(problem, pattern, words);
  Timing timing(problem);
  Nanos span = kNever;
  for (const Word& word : words) {
    REQUIRE(static_cast<int32_t>(word.size()) == problem.num_passes());
    const Nanos time = timing.Time(word);
    REQUIRE(time != kNever);
    if (IsWithinLimits(problem, word)) span = std::min(span, time);
  }
  if (span == kNever) return 1;
  Nanos work = 0;
  for (int kind = 0; kind < kNumPassKinds; ++kind) {
    work += 2 * problem.num_micro_batches * problem.duration[PassOf(0, static_cast<PassKind>(kind))];
  }
  return 1 - static_cast<double>(work) / static_cast<double>(span);
}

TEST_CASE("squeezed patterns run in their own memory, whatever the number of devices and micro-batches") {
  for (int p = 1; p <= 13; ++p) {
    for (const int m : {1, 2, 3, p, 2 * p, 3 * p + 1, 40}) {
      CAPTURE(p, m);
      // In micro-batches: the published peaks, counted with all of an activation until its backward-weight.
      CHECK(BubbleOf(Prepare(kUnit, p, m, std::max(1, (p + 2) / 2), 1), VHalfPattern(p)) < 1);
      CHECK(BubbleOf(Prepare(kUnit, p, m, std::max(1, (p + 4) / 3), 1), VMinPattern(p)) < 1);
    }
  }
}

TEST_CASE("V-Min with a longer period runs in less memory") {
  for (const int p : {4, 8, 13, 16}) {
    for (int activations = 2; activations < 2 * ((p + 4) / 3); ++activations) {
      double bubble = 1;
      int32_t period = PeriodOf(p, activations);
      for (int tries = 0; tries < 4 && bubble == 1; ++tries, period += 2) {
        bubble = BubbleOf(Prepare(kUnit, p, 3 * p, activations / 2.0, 1), VMinPattern(p, period));
      }
      CAPTURE(p, activations, period);
      CHECK(bubble < 1);
    }
  }
  // List scheduling and moves had .62.
  CHECK(BubbleOf(Prepare(k1500M, 8, 24, 2, 1), VMinPattern(8, 10)) < .56);
}

TEST_CASE("V-Half and V-Min are no worse than their authors' scheduler") {
  struct Known {
    Stage stage;
    int p, m;
    double limit;
    bool is_half;
    double authors;
  };
  const Known known[] = {
      {k1500M, 8, 24, 5, true, .1610},  {k1500M, 4, 12, 3, true, .1207},  {kUnit, 2, 4, 2, true, .0400},
      {kUnit, 8, 24, 5, true, .1056},   {kUneven, 8, 24, 5, true, .1489}, {kUnit, 6, 12, 4, true, .1325},
      {k1500M, 8, 24, 4, false, .3175}, {kUnit, 8, 24, 4, false, .1579},  {kUneven, 6, 24, 3, false, .2690},
  };
  for (const Known& each : known) {
    const PreparedSearch prepared = Prepare(each.stage, each.p, each.m, each.limit, 0.432);
    const double bubble = BubbleOf(prepared, each.is_half ? VHalfPattern(each.p) : VMinPattern(each.p));
    CAPTURE(each.stage.name, each.p, each.m, each.limit, bubble);
    CHECK(std::round(bubble * 1e4) / 1e4 <= each.authors);
  }
}

}  // namespace
}  // namespace baton
