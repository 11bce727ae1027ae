// Greedy choice, the nucleus, and frequencies against softmax.
#include "runtime/inference/sampling.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <vector>

namespace baton {
namespace {

TEST_CASE("temperature 0 takes the largest logit, of equals the lowest id") {
  CHECK(ChooseToken({1, 3, 2}, {0, 1, 7}, 0).value() == 1);
  CHECK(ChooseToken({1, 3, 3}, {0, 0.1, 7}, 9).value() == 1);
  CHECK(ChooseToken({-5}, {0, 1, 7}, 0).value() == 0);
}

TEST_CASE("the same seed and position give the same token, others give others") {
  const std::vector<float> logits(1000, 0.5f);
  std::vector<int32_t> first, again, other;
  for (int position = 0; position < 20; ++position) {
    first.push_back(ChooseToken(logits, {1, 1, 3}, position).value());
    again.push_back(ChooseToken(logits, {1, 1, 3}, position).value());
    other.push_back(ChooseToken(logits, {1, 1, 4}, position).value());
  }
  CHECK(first == again);
  CHECK(first != other);
  CHECK(first[0] != first[1]);
}

TEST_CASE("frequencies follow softmax(logits / temperature)") {
  const std::vector<float> logits = {0, 1, 2, -1};
  const double temperature = GENERATE(0.5, 1.0, 2.0);
  double sum = 0;
  for (const float logit : logits) sum += std::exp(logit / temperature);
  std::vector<int> counts(logits.size());
  constexpr int kDraws = 20000;
  for (int position = 0; position < kDraws; ++position) {
    ++counts[ChooseToken(logits, {temperature, 1, 11}, position).value()];
  }
  for (size_t id = 0; id < logits.size(); ++id) {
    const double expected = std::exp(logits[id] / temperature) / sum;
    // Five standard deviations.
    CHECK(std::abs(counts[id] / double{kDraws} - expected) < 5 * std::sqrt(expected * (1 - expected) / kDraws));
  }
}

TEST_CASE("top-p draws from the fewest most probable tokens that reach it") {
  // Probabilities 0.5, 0.25, 0.125, 0.125.
  const std::vector<float> logits = {std::log(0.125f), std::log(0.5f), std::log(0.25f), std::log(0.125f)};
  const auto drawn = [&](double top_p) {
    std::vector<bool> seen(logits.size());
    for (int position = 0; position < 500; ++position)
      seen[ChooseToken(logits, {1, top_p, 5}, position).value()] = true;
    return seen;
  };
  CHECK(drawn(0.01) == std::vector<bool>{false, true, false, false});
  CHECK(drawn(0.6) == std::vector<bool>{false, true, true, false});
  CHECK(drawn(0.8) == std::vector<bool>{true, true, true, false});
  CHECK(drawn(1.0) == std::vector<bool>{true, true, true, true});
}

TEST_CASE("a tiny temperature is as good as 0, and −infinity is never drawn") {
  const float infinity = std::numeric_limits<float>::infinity();
  for (int position = 0; position < 100; ++position) {
    CHECK(ChooseToken({1, 3, 2}, {1e-300, 1, 7}, position).value() == 1);
    CHECK(ChooseToken({-infinity, 3, 2}, {1, 1, 7}, position).value() != 0);
  }
}

TEST_CASE("options out of their range and logits that are not finite are refused") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  CHECK(CheckSampling({-1, 1, 1}).message() == "--temperature: -1 is not at least 0");
  CHECK_FALSE(CheckSampling({std::nan(""), 1, 1}).ok());
  CHECK(CheckSampling({1, 0, 1}).message() == "--top-p: 0 is not above 0 and at most 1");
  CHECK_FALSE(CheckSampling({1, 1.5, 1}).ok());
  CHECK_FALSE(CheckSampling({1, std::nan(""), 1}).ok());
  CHECK(absl::IsFailedPrecondition(ChooseToken({1, nan}, {0, 1, 1}, 0).status()));
  CHECK(absl::IsFailedPrecondition(ChooseToken({1, infinity}, {1, 1, 1}, 0).status()));
  CHECK(absl::IsFailedPrecondition(ChooseToken({-infinity}, {1, 1, 1}, 0).status()));
}

}  // namespace
}  // namespace baton
