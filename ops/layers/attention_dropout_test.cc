// The fate of a probability: its frequency, its scale, and all that it may and may not depend on.
#include "ops/layers/attention_dropout.h"

#include <catch2/catch.hpp>
#include <vector>

namespace baton {
namespace {

constexpr int64_t kContext = 37;

struct Place {
  int64_t sequence = 0;
  int64_t head = 0;
  int64_t query = 0;
};

struct Draw {
  StepContext step;
  AttentionSpec spec;
  int64_t first_sequence = 0;

  Draw() {
    step.training = true;
    step.seed = 5;
    step.step = 3;
    spec.heads = 2;
    spec.width = 8;
    spec.dropout = 0.25;
    spec.name = "h.0.attn.probabilities";
  }

  std::vector<double> Keys(const Place& place, int64_t first, int64_t count) const {
    PassBuffers buffers;
    buffers.step = &step;
    buffers.first_sequence = first_sequence;
    std::vector<double> factors(count, -1);
    AttentionDropout(spec, kContext)
        .Factors(buffers, place.sequence, place.head, place.query, first, count, factors.data());
    return factors;
  }
  std::vector<double> Row(const Place& place) const { return Keys(place, 0, kContext); }
};

TEST_CASE("about the probability of keys are dropped, the others are scaled up") {
  const Draw draw;
  int dropped = 0, all = 0;
  for (int64_t head = 0; head < 2; ++head) {
    for (int64_t query = 0; query < kContext; ++query) {
      for (const double factor : draw.Row({0, head, query})) {
        CHECK((factor == 0 || factor == Approx(1 / 0.75)));
        dropped += factor == 0;
        ++all;
      }
    }
  }
  CHECK(dropped / static_cast<double>(all) == Approx(0.25).margin(0.03));
}

TEST_CASE("each part of a key changes the row") {
  const Draw draw;
  const std::vector<double> row = draw.Row({1, 1, 9});
  CHECK(draw.Row({0, 1, 9}) != row);
  CHECK(draw.Row({1, 0, 9}) != row);
  CHECK(draw.Row({1, 1, 8}) != row);
  Draw other = draw;
  other.step.step = 4;
  CHECK(other.Row({1, 1, 9}) != row);
  other = draw;
  other.step.seed = 6;
  CHECK(other.Row({1, 1, 9}) != row);
  other = draw;
  other.spec.name = "h.1.attn.probabilities";
  CHECK(other.Row({1, 1, 9}) != row);
}

TEST_CASE("the micro-batch does not matter, the sequence's number in the batch does") {
  const Draw draw;
  Draw second = draw;
  second.first_sequence = 1;
  CHECK(second.Row({0, 1, 9}) == draw.Row({1, 1, 9}));
}

TEST_CASE("a part of the heads has the rows of these heads") {
  const Draw draw;
  Draw second = draw;
  second.spec.first_head = 1;
  CHECK(second.Row({0, 0, 9}) == draw.Row({0, 1, 9}));
}

TEST_CASE("a part of a row has the values of the whole") {
  const Draw draw;
  const std::vector<double> row = draw.Row({0, 1, 9});
  for (int64_t first = 0; first < kContext; ++first) {
    for (int64_t count = 1; first + count <= kContext; count += 3) {
      CHECK(draw.Keys({0, 1, 9}, first, count) ==
            std::vector<double>(row.begin() + first, row.begin() + first + count));
    }
  }
}

TEST_CASE("nothing is dropped in an evaluation, nor with probability 0") {
  Draw draw;
  PassBuffers buffers;
  buffers.step = &draw.step;
  CHECK(AttentionDropout(draw.spec, kContext).IsOn(buffers));
  draw.step.training = false;
  CHECK_FALSE(AttentionDropout(draw.spec, kContext).IsOn(buffers));
  draw.step.training = true;
  draw.spec.dropout = 0;
  CHECK_FALSE(AttentionDropout(draw.spec, kContext).IsOn(buffers));
}

}  // namespace
}  // namespace baton
